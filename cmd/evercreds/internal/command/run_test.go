//go:build unix

package command

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRunPassesExitCodesAndOutput(t *testing.T) {
	w := newWorld(t, time.Hour)
	for code, script := range map[int]string{
		0: "exit 0", 7: "exit 7", 125: "exit 125", 128 + 15: "kill -TERM $$", 128 + 9: "kill -KILL $$",
	} {
		out, errs, got := w.run("run", "--role-arn", role, "--", "sh", "-c", "echo out; echo err >&2; "+script)
		if got != code || out != "out\n" || errs != "err\n" {
			t.Errorf("%s: exit code %d, %q, %q", script, got, out, errs)
		}
	}
}

// TestRunGivesItsCommandTheEndpoint asks the endpoint as an SDK does, and looks for what
// must not be there.
func TestRunGivesItsCommandTheEndpoint(t *testing.T) {
	w := newWorld(t, time.Hour)
	w.env["AWS_CONFIG_FILE"] = w.file("config", "[default]\nregion = eu-west-1\noutput = json\naws_access_key_id = AKIOTHER\naws_secret_access_key = x\n")
	out := w.good("run", "--role-arn", role, "--", "sh", "-c",
		`curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"; env; cat "$AWS_CONFIG_FILE" "$AWS_SHARED_CREDENTIALS_FILE"; echo dir "$(dirname "$AWS_CONFIG_FILE")"`)
	for _, want := range []string{`"AccessKeyId":"ASIA`, "output = json", "AWS_REGION=us-east-1"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, other := range []string{"AKIOTHER", "AWS_ACCESS_KEY_ID=", w.aws.Base.SecretAccessKey, "EVERCREDS_FETCHING"} {
		if strings.Contains(out, other) {
			t.Errorf("%q reaches the command", other)
		}
	}
	dir := strings.TrimSpace(out[strings.LastIndex(out, "dir ")+4:])
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left behind: %v", dir, err)
	}
}

// TestRunListensWhereThereIsIPv6Alone has no IPv4.
func TestRunListensWhereThereIsIPv6Alone(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("this machine has no IPv6")
	} else {
		_ = l.Close()
	}
	l, err := loopback(func(network, address string) (net.Listener, error) {
		if strings.HasPrefix(address, "127.") {
			return nil, syscall.EADDRNOTAVAIL
		}
		return net.Listen(network, address)
	})
	if err != nil || !strings.HasPrefix(l.Addr().String(), "[::1]:") {
		t.Fatalf("got %v, %v", l, err)
	}
	_ = l.Close()
}

// TestOutputThatCannotBeWrittenIsAnError writes to a device that is full.
func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no device that is full")
	}
	defer full.Close()
	w := newWorld(t, time.Hour)
	w.good("credential-process", "--role-arn", role) // so that there is something to list
	for _, args := range [][]string{
		{"export", "--role-arn", role}, {"credential-process", "--role-arn", role}, {"whoami", "--role-arn", role},
		{"cache", "list"}, {"cache", "list", "--json"}, {"doctor", "--role-arn", role}, {"status", "--role-arn", role},
		{"schema"}, {"completion", "bash"}, {"--help"},
	} {
		cmd := w.command(args...)
		var errs strings.Builder
		cmd.Stdout, cmd.Stderr = full, &errs
		_ = cmd.Run()
		if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.HasPrefix(errs.String(), "evercreds: error: ") {
			t.Errorf("%q: exit code %d, %s", args, code, errs.String())
		}
	}
}

func TestRunRefreshesForItsCommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 6*time.Second)
	out := w.good("run", "--no-share", "--role-arn", role, "--", "sh", "-c",
		`for i in 1 2 3 4 5 6 7 8; do curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI" | sed 's/.*AccessKeyId":"\([A-Z0-9]*\).*/\1/;s/$/ /'; echo; sleep 1; done`)
	seen := map[string]bool{}
	for _, key := range strings.Fields(out) {
		seen[key] = true
	}
	if len(seen) < 2 {
		t.Errorf("it saw %d sets in 8 s of sets that live 6 s: %s", len(seen), out)
	}
}

func TestRunWithFixedKeysSaysWhenTheyEnd(t *testing.T) {
	w := newWorld(t, time.Hour)
	out, errs, code := w.run("run", "--env", "--role-arn", role, "--", "env")
	if code != 0 || !strings.Contains(out, "AWS_ACCESS_KEY_ID=ASIA") || strings.Contains(out, "AWS_CONTAINER") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if !strings.Contains(errs, "these credentials end at 20") || strings.Contains(errs, "ASIA") {
		t.Errorf("it said %q", errs)
	}
}

// child starts "run" with a command that tells its process ID and then what it gets.
func (w *world) child(script string) (parent *exec.Cmd, lines *bufio.Scanner, pid int) {
	w.t.Helper()
	cmd := w.command("run", "--role-arn", role, "--", "sh", "-c", "echo $$; "+script)
	detach(cmd)
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	lines = bufio.NewScanner(out)
	if !lines.Scan() {
		w.t.Fatal("the command did not start")
	}
	pid, err = strconv.Atoi(lines.Text())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd, lines, pid
}

func TestRunForwardsSignals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	for _, s := range []struct {
		signal syscall.Signal
		name   string
	}{{syscall.SIGINT, "INT"}, {syscall.SIGTERM, "TERM"}, {syscall.SIGHUP, "HUP"}, {syscall.SIGUSR1, "USR1"}} {
		parent, lines, _ := w.child(fmt.Sprintf("trap 'echo got; exit 9' %s; echo set; while :; do sleep 0.05; done", s.name))
		lines.Scan()
		if err := parent.Process.Signal(s.signal); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() || lines.Text() != "got" {
			t.Errorf("%s did not arrive: %q", s.name, lines.Text())
		}
		_ = parent.Wait()
		if code := parent.ProcessState.ExitCode(); code != 9 {
			t.Errorf("%s: exit code %d", s.name, code)
		}
	}
}

func TestRunKilledLeavesNoChild(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("this system cannot tie a process to its parent")
	}
	w := newWorld(t, time.Hour)
	parent, _, pid := w.child("exec sleep 300")
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	eventually(t, "the command is gone", func() bool {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return err != nil || strings.Contains(string(state), ") Z ")
	})
}
