// Package mototest starts moto, a stand-in for AWS that shares nothing with our own. It is
// for tests.
package mototest

import (
	"os"
	"os/exec"
	"testing"

	"github.com/evercreds/evercreds/internal/motoserver"
)

// Start runs moto, and gives its address. It is found through EVERCREDS_PYTHON, which
// ./task test sets.
func Start(t *testing.T) string {
	t.Helper()
	python := os.Getenv("EVERCREDS_PYTHON")
	if python == "" {
		t.Skip("EVERCREDS_PYTHON is not set: no Python with moto (./task test sets it)")
	}
	server := exec.CommandContext(t.Context(), python, motoserver.Arguments...)
	at, err := motoserver.Start(server)
	if server.Process != nil {
		t.Cleanup(func() {
			_ = server.Process.Kill() // ours, by its own handle
			_ = server.Wait()
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return at
}
