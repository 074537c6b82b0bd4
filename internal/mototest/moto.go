// Package mototest starts moto, a stand-in for AWS that shares nothing with our own. It is
// for tests.
package mototest

import (
	"bufio"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// Start runs moto, and gives its address. It is found through EVERCREDS_PYTHON, which
// ./task test sets.
func Start(t *testing.T) string {
	t.Helper()
	python := os.Getenv("EVERCREDS_PYTHON")
	if python == "" {
		t.Skip("EVERCREDS_PYTHON is not set: no Python with moto (./task test sets it)")
	}
	server := exec.CommandContext(t.Context(), python, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0")
	said, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // ours, by its own handle
		_ = server.Wait()
	})
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if at := address.FindString(lines.Text()); at != "" {
			go func() { // it logs every request, and must not block on that
				for lines.Scan() {
				}
			}()
			return at
		}
	}
	t.Fatal("moto ended without telling its address")
	return ""
}
