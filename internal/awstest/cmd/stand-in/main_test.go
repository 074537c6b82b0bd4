package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// running is a stand-in under way in this process.
type running struct {
	first introduction
	ended chan int
	stdin *io.PipeWriter
	stop  context.CancelFunc
}

func launch(t *testing.T, args ...string) running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	stdin, keyboard := io.Pipe()
	screen, stdout := io.Pipe()
	r := running{ended: make(chan int, 1), stdin: keyboard, stop: stop}
	var stderr bytes.Buffer
	go func() {
		status := run(ctx, args, stdin, stdout, &stderr)
		_ = stdout.Close()
		r.ended <- status
	}()
	line, err := bufio.NewReader(screen).ReadString('\n')
	if err != nil {
		t.Fatalf("no first line: %v; %s", err, &stderr)
	}
	go func() { _, _ = io.Copy(io.Discard, screen) }()
	if err := json.Unmarshal([]byte(line), &r.first); err != nil {
		t.Fatal(err)
	}
	return r
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestFirstLine(t *testing.T) {
	dir := t.TempDir()
	const device = "arn:aws:iam::123456789012:role/device"
	r := launch(t, "--dir", dir, "--alias", "b=c="+device, "--thing", "lathe", "--lifetime", "10s",
		"--fault", `{"kind":"hang","count":3}`, "--fault", `{"kind":"reset"}`)
	f := r.first
	for name, value := range map[string]string{"secret_access_key": f.SecretAccessKey, "role_arn": f.RoleARN, "tls_endpoint": f.TLSEndpoint} {
		if value == "" {
			t.Errorf("%s is empty", name)
		}
	}
	for _, file := range []string{f.CA, f.ClientCA, f.Certificate, f.PrivateKey, f.RSACertificate, f.RSAPrivateKey} {
		if _, err := os.Stat(file); err != nil || filepath.Dir(file) != dir {
			t.Errorf("%s: %v", file, err)
		}
	}
	if f.RoleAlias != "b=c" || f.ThingName != "lathe" || f.Region != "us-east-1" || f.Control != f.Endpoint+"/_control" {
		t.Errorf("alias %q, thing %q, region %q, control %q", f.RoleAlias, f.ThingName, f.Region, f.Control)
	}
	if got := get(t, f.Control+"/faults"); !strings.Contains(got, `"count":3`) || !strings.Contains(got, "reset") {
		t.Errorf("faults %s", got)
	}
	r.stop() // as a signal does
	if status := <-r.ended; status != 0 {
		t.Errorf("status %d", status)
	}
	if _, err := os.Stat(f.CA); err != nil {
		t.Errorf("a directory that was given is kept: %v", err)
	}
}

func TestEndsWithStdin(t *testing.T) {
	for _, flag := range []string{"--stdin", "--exit-with-parent"} {
		r := launch(t, flag)
		_ = r.stdin.Close()
		if status := <-r.ended; status != 0 {
			t.Errorf("%s: status %d", flag, status)
		}
		if _, err := os.Stat(r.first.CA); !os.IsNotExist(err) {
			t.Errorf("%s: the temporary directory is still there: %v", flag, err)
		}
	}
}

func TestHelp(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"--help"}, nil, &stdout, &stderr); status != 0 || stderr.Len() > 0 {
		t.Errorf("status %d, %s", status, &stderr)
	}
	for _, want := range []string{"-lifetime", "-fault", "-alias", "-exit-with-parent", "tls_endpoint"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the help lacks %s", want)
		}
	}
}

func TestBadArguments(t *testing.T) {
	for _, tc := range []struct {
		names  string
		status int
		args   []string
	}{
		{"-nonsense", 2, []string{"--nonsense"}},
		{"flags only", 2, []string{"start"}},
		{"-lifetime", 2, []string{"--lifetime", "ten"}},
		{"lifetime", 1, []string{"--lifetime", "1s"}},
		{"--port", 2, []string{"--port", "70000"}},
		{"--tls-port", 2, []string{"--tls-port", "-1"}},
		{"--dir", 2, []string{"--dir", filepath.Join(t.TempDir(), "missing")}},
		{"NAME=ROLE_ARN", 2, []string{"--alias", "x"}},
		{"Aliases", 1, []string{"--alias", "x=arn:aws:s3:::bucket"}},
		{`unknown field "knd"`, 2, []string{"--fault", `{"knd":"hang"}`}},
		{"kind must", 2, []string{"--fault", `{"kind":"x"}`}},
	} {
		var stdout, stderr bytes.Buffer
		status := run(t.Context(), tc.args, nil, &stdout, &stderr)
		if status != tc.status || !strings.Contains(stderr.String(), tc.names) || stdout.Len() > 0 {
			t.Errorf("%v: status %d, %s", tc.args, status, &stderr)
		}
		if n := strings.Count(stderr.String(), "\n"); n != 1 {
			t.Errorf("%v: %d lines of error", tc.args, n)
		}
	}
}
