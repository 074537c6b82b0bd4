package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"sync"
)

// moto serves what the stand-in has not. It starts when the first program needs it.
type moto struct {
	once   sync.Once
	server *exec.Cmd
	url    string
	err    error
}

func (m *moto) start(ctx context.Context) (string, error) {
	m.once.Do(func() { m.url, m.err = m.run(ctx) })
	return m.url, m.err
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

func (m *moto) run(ctx context.Context) (string, error) {
	python := os.Getenv("EVERCREDS_PYTHON")
	if python == "" {
		return "", errors.New("EVERCREDS_PYTHON is not set: no Python with moto (./task sets it)")
	}
	m.server = exec.CommandContext(ctx, python, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0")
	m.server.Env = environment()
	said, err := m.server.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := m.server.Start(); err != nil {
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

func (m *moto) close() {
	if m.server != nil && m.server.Process != nil {
		_ = m.server.Process.Kill()
		_ = m.server.Wait()
	}
}
