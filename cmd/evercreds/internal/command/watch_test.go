package command

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestWatchWritesALineForEachChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 4*time.Second)
	w.serve("--no-share", "--role-arn", role)
	cmd := w.command("watch", "--every", "100ms")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	refreshes := map[string]bool{}
	for len(refreshes) < 3 && lines.Scan() {
		line := lines.Text()
		if strings.Contains(line, "\x1b") || !strings.Contains(line, "default: ") {
			t.Fatalf("a line in a pipe: %q", line)
		}
		if _, after, ok := strings.Cut(line, "refreshes"); ok {
			refreshes[line[:len(line)-len(after)][strings.LastIndex(line[:len(line)-len(after)], ", "):]] = true
		}
	}
	if len(refreshes) < 3 {
		t.Errorf("it ended after %d refreshes: %v", len(refreshes), lines.Err())
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	server := w.serve("--no-share", "--metrics", "--role-arn", role)
	eventually(t, "a set is there", func() bool { s, _, _ := server.get(t, "default"); return s == 200 })
	reply, err := http.Get(strings.Replace(server.urls["default"], "/credentials/default", "/metrics", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, _ := io.ReadAll(reply.Body)
	for _, want := range []string{
		`evercreds_refreshes_total{role="default"} 1`, `evercreds_failures_total{role="default"} 0`,
		`evercreds_requests_total{result="served"} `, `evercreds_remaining_seconds{role="default"} 35`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "ASIA") {
		t.Error("it shows a key")
	}
}

func TestCompletionKnowsRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	path := w.file("roles.yaml", twoRoles)
	if out := w.good("__complete", "whoami", "--config", path, "--role", ""); !strings.HasPrefix(out, "app\nother\n") {
		t.Errorf("got %q", out)
	}
	if out := w.good("__complete", "export", "--format", ""); !strings.Contains(out, "fish\n") {
		t.Errorf("got %q", out)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := w.good("completion", shell); !strings.Contains(out, "evercreds") {
			t.Errorf("%s: %d bytes", shell, len(out))
		}
	}
}
