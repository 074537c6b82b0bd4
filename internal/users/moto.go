package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"

	"github.com/evercreds/evercreds/internal/motoserver"
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

func (m *moto) run(ctx context.Context) (string, error) {
	python := os.Getenv("EVERCREDS_PYTHON")
	if python == "" {
		return "", errors.New("EVERCREDS_PYTHON is not set: no Python with moto (./task sets it)")
	}
	m.server = exec.CommandContext(ctx, python, motoserver.Arguments...)
	m.server.Env = environment()
	return motoserver.Start(m.server)
}

func (m *moto) close() {
	if m.server != nil && m.server.Process != nil {
		_ = m.server.Process.Kill()
		_ = m.server.Wait()
	}
}
