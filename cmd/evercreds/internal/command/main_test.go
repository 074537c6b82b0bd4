package command

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// asCommand has this test binary be the command.
const asCommand = "EVERCREDS_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(Main(context.Background(), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// world is a machine of a test's own: a stand-in for AWS, a home, and an environment.
type world struct {
	t   *testing.T
	aws *awstest.Server
	dir string
	env map[string]string
}

func newWorld(t *testing.T, lifetime time.Duration) *world {
	t.Helper()
	server := awstest.New(awstest.Config{Lifetime: lifetime})
	t.Cleanup(func() { _ = server.Close() })
	w := &world{t: t, aws: server, dir: t.TempDir()}
	w.env = map[string]string{
		asCommand: "1", "PATH": os.Getenv("PATH"), "HOME": w.dir, "XDG_RUNTIME_DIR": w.dir, "XDG_CONFIG_HOME": w.dir,
		"XDG_CACHE_HOME": w.dir, "TMPDIR": w.dir, "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1",
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": server.Base.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": server.Base.SecretAccessKey,
	}
	if err := os.Chmod(w.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return w
}

// without takes a variable out of the environment.
func (w *world) without(names ...string) *world {
	for _, n := range names {
		delete(w.env, n)
	}
	return w
}

// file writes a file below the home, and returns its path.
func (w *world) file(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func (w *world) environ() []string {
	var all []string
	for name, value := range w.env {
		all = append(all, name+"="+value)
	}
	return all
}

// command is the command with these arguments, not started.
func (w *world) command(args ...string) *exec.Cmd {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env, cmd.Dir = w.environ(), w.dir
	return cmd
}

// run runs the command to its end.
func (w *world) run(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	cmd := w.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// good runs the command, which must succeed.
func (w *world) good(args ...string) string {
	w.t.Helper()
	out, errs, code := w.run(args...)
	if code != 0 {
		w.t.Fatalf("evercreds %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

// serve starts a server, and returns the paths and token files of its roles.
func (w *world) serve(args ...string) *running {
	w.t.Helper()
	cmd := w.command(append([]string{"serve", "--listen", "127.0.0.1:0"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	log := &bytes.Buffer{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	r := &running{cmd: cmd, log: log}
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	r.read(w.t, out)
	return r
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}
