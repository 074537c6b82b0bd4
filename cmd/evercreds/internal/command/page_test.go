//go:build unix

package command

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// page is one of docs/guides.
func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/guides/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// block is the fenced block of a page that a mark stands before.
func block(t *testing.T, name, mark string) string {
	t.Helper()
	_, after, ok := strings.Cut(page(t, name), "<!-- tested: "+mark+" -->\n```")
	if !ok {
		t.Fatalf("docs/guides/%s has no block %s", name, mark)
	}
	_, after, _ = strings.Cut(after, "\n")
	text, _, _ := strings.Cut(after, "```")
	return text
}

// understood has the command read its arguments, as far as flags and their number go.
func understood(t *testing.T, args []string) {
	t.Helper()
	cmd, rest, err := New().Find(args)
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil && cmd.Args != nil {
		err = cmd.Args(cmd, cmd.Flags().Args())
	}
	if err != nil || !cmd.HasParent() {
		t.Errorf("evercreds %q: %v", args, err)
	}
}

// inPath puts evercreds into the world's PATH, as an installation does.
func (w *world) inPath(t *testing.T) {
	t.Helper()
	bin := filepath.Join(w.dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(w.command().Path, filepath.Join(bin, "evercreds")); err != nil {
		t.Fatal(err)
	}
	w.env["PATH"] = bin + ":" + w.env["PATH"]
}

// TestPageCommandsAreUnderstood has the command read each line of it on the page.
func TestPageCommandsAreUnderstood(t *testing.T) {
	found := 0
	for _, line := range regexp.MustCompile(`(?m)(?:^|= |\$\(|/bin/)evercreds ([a-z][^\n)"]*)`).FindAllStringSubmatch(page(t, "command.md"), -1) {
		understood(t, strings.Fields(line[1]))
		found++
	}
	if found < 5 {
		t.Errorf("the page has %d commands", found)
	}
}

// TestPageProfile has Go's SDK use the profile of the page.
func TestPageProfile(t *testing.T) {
	w := newWorld(t, time.Hour)
	w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	w.inPath(t)
	w.env["AWS_CONFIG_FILE"] = w.file("config", block(t, "command.md", "profile")+"[profile base]\naws_access_key_id = "+
		w.aws.Base.AccessKeyID+"\naws_secret_access_key = "+w.aws.Base.SecretAccessKey+"\n")
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"} {
		t.Setenv(name, "")
	}
	for name, value := range w.env {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithSharedConfigProfile("app"))
	if err != nil {
		t.Fatal(err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(context.Background(), nil)
	if err != nil || !strings.Contains(*who.Arn, "assumed-role/app/") {
		t.Errorf("got %v, %v", who, err)
	}
}

// TestPageVariables has the server where the page's variables say that it is.
func TestPageVariables(t *testing.T) {
	w := newWorld(t, time.Hour)
	server := w.serve("--no-share", "--config", w.file("roles.yaml", twoRoles))
	text := block(t, "command.md", "serve")
	path := strings.TrimPrefix(server.urls["app"], "http://127.0.0.1:")
	path = path[strings.Index(path, "/"):]
	if !strings.Contains(text, "http://"+defaultListen+path+"\n") {
		t.Errorf("the URL is another: %s", server.urls["app"])
	}
	if file := strings.Replace(server.tokens["app"], w.dir, "$XDG_RUNTIME_DIR", 1); !strings.Contains(text, "TOKEN_FILE="+file+"\n") {
		t.Errorf("the token file is another: %s", file)
	}
}

// TestDoctor looks at machines on which one thing is wrong.
func TestDoctor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	if out := w.good("doctor", "--role-arn", role); !strings.Contains(out, "ok     credentials: arn:aws:sts::123456789012:assumed-role/app/") {
		t.Errorf("all is well, and it says\n%s", out)
	}
	if _, _, code := w.run("doctor", "--role-arn", role, "--endpoint-url", "http://127.0.0.1:1"); code != 13 {
		t.Errorf("nobody at the endpoint: exit code %d", code)
	}
	if out, _, _ := w.run("doctor", "--role-arn", role, "--endpoint-url", "http://me:hidden@127.0.0.1:1/"); strings.Contains(out, "hidden") {
		t.Errorf("it shows a password:\n%s", out)
	}
	loose := w.file(".aws/credentials", "[default]\naws_access_key_id = x\naws_secret_access_key = x\n")
	if err := os.Chmod(loose, 0o644); err != nil {
		t.Fatal(err)
	}
	out, _, code := w.run("doctor", "--role-arn", role)
	if code != 13 || !strings.Contains(out, "others may read it") || !strings.Contains(out, "AWS_ACCESS_KEY_ID") {
		t.Errorf("a file that others may read: exit code %d\n%s", code, out)
	}
	_ = w.aws.SetClockOffset(4 * time.Minute)
	if out, _, _ := w.run("doctor", "--role-arn", role); !strings.Contains(out, "wrong  clock: ") {
		t.Errorf("the clock is off, and it says\n%s", out)
	}
	if strings.Contains(out, w.aws.Base.SecretAccessKey) {
		t.Error("it shows a secret")
	}
}
