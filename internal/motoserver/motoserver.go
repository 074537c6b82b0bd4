// Package motoserver starts moto's server, which stands for what the stand-in has not.
package motoserver

import (
	"bufio"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
)

//go:embed serial.py
var serial string

// Arguments are those of Python: the server takes a port of its own. It has one call at a
// time, since its conditions are not atomic between threads.
var Arguments = []string{"-c", serial, "0"}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// Start starts the command, a Python with [Arguments], and gives the server's address. If
// it fails after the process has started, that is still the caller's to end.
func Start(cmd *exec.Cmd) (string, error) {
	said, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("moto: %w", err)
	}
	lines := bufio.NewReader(said)
	for {
		line, err := lines.ReadString('\n')
		if at := address.FindString(line); at != "" {
			go func() { _, _ = io.Copy(io.Discard, lines) }() // it logs every call, and must not block on that
			return at, nil
		}
		if err != nil {
			return "", errors.New("moto ended without telling its address")
		}
	}
}
