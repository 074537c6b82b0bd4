//go:build unix

package command

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

const device = "arn:aws:iam::123456789012:mfa/me"

// terminal is a pseudo-terminal with a program on it, which leads its session.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	keys *os.File

	mu   sync.Mutex
	text bytes.Buffer
	read int // so much of it was expected
}

func onTerminal(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	keys, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 33, Cols: 177})
	if err != nil {
		t.Fatal(err)
	}
	tty := &terminal{t: t, cmd: cmd, keys: keys}
	go func() { _, _ = io.Copy(tty, keys) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = cmd.Process.Wait()
		_ = keys.Close()
	})
	return tty
}

func (y *terminal) Write(p []byte) (int, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.text.Write(p)
}

func (y *terminal) press(keys string) {
	y.t.Helper()
	if _, err := y.keys.WriteString(keys); err != nil {
		y.t.Fatal(err)
	}
}

// expect waits until the terminal shows a text, after what was expected before.
func (y *terminal) expect(text string) {
	y.t.Helper()
	var shown string
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		y.mu.Lock()
		shown = y.text.String()[y.read:]
		if i := strings.Index(shown, text); i >= 0 {
			y.read += i + len(text)
			y.mu.Unlock()
			return
		}
		y.mu.Unlock()
		if time.Now().After(deadline) {
			y.t.Fatalf("the terminal does not show %q within a minute, but\n%s", text, shown)
		}
	}
}

// code waits for the program's end.
func (y *terminal) code() int {
	_ = y.cmd.Wait()
	return y.cmd.ProcessState.ExitCode()
}

// TestControlCArrivesOnce has the terminal interrupt its foreground group, in which the
// command is too.
func TestControlCArrivesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	tty := onTerminal(t, w.command("run", "--role-arn", role, "--", "sh", "-c",
		`n=0; trap 'n=$((n+1))' INT; echo ready; while [ $n = 0 ]; do sleep 0.1; done; sleep 1; exit $((70+n))`))
	tty.expect("ready")
	tty.press("\x03")
	if code := tty.code(); code != 71 {
		t.Errorf("exit code %d, want 71: one interrupt", code)
	}
}

func TestACommandHasTheWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	tty := onTerminal(t, w.command("run", "--role-arn", role, "--", "sh", "-c",
		`trap 'stty size; exit 0' WINCH; stty size; while :; do sleep 0.1; done`))
	tty.expect("33 177")
	if err := pty.Setsize(tty.keys, &pty.Winsize{Rows: 44, Cols: 188}); err != nil {
		t.Fatal(err)
	}
	tty.expect("44 188")
	if code := tty.code(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// shell is a shell with job control on a terminal, in which $run runs a command.
func (w *world) shell(flags string) *terminal {
	w.t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		w.t.Skip("it needs bash")
	}
	shell := exec.Command(bash, "--norc", "--noprofile", "-i")
	w.env["run"], w.env["PS1"], w.env["TERM"] = w.command().Path+" run "+flags+" --", "$ ", "dumb"
	shell.Env, shell.Dir = w.environ(), w.dir
	return onTerminal(w.t, shell)
}

func TestAJobIsStoppedAndGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	tty := w.shell("--role-arn " + role)
	tty.press("$run sh -c 'echo u\"\"p; read x; echo \"read $x\"; exit 5'\r")
	tty.expect("up\r\n")
	tty.press("\x1a")
	tty.expect("Stopped")
	tty.press("fg\r")
	tty.expect("fg\r\n")
	tty.press("hello\r")
	tty.expect("read hello")
	tty.press("echo code $?\r")
	tty.expect("code 5")
}

// TestAShellOfOursHasTheTerminal has a set end while a shell that run has started gave the
// terminal to another group: the kernel would stop whoever reads from it then.
func TestAShellOfOursHasTheTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8*time.Second)
	tty := w.shell("--no-share --role-arn " + role + " --serial-number " + device)
	tty.press("$run bash --norc --noprofile -i\r")
	tty.expect("One-time code of " + device)
	tty.press("123456\r")
	tty.press(`sleep 9; curl -s -m 20 -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"` + "\r")
	tty.expect("another program has the terminal")
	tty.press("exit 6\r")
	tty.press("echo code $?\r")
	tty.expect("code 6")
}
