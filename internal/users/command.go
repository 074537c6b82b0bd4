package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// environment is the caller's, without what is of AWS or of the project's tasks, and with
// what is given.
func environment(given ...string) (env []string) {
	for _, each := range os.Environ() {
		name, _, _ := strings.Cut(each, "=")
		foreign := strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "EVERCREDS_") || strings.HasPrefix(name, "PYTHON")
		if !foreign && name != "GOFLAGS" && name != "NODE_OPTIONS" && name != "CI" {
			env = append(env, each)
		}
	}
	return append(env, given...)
}

// command runs one within a time, in a group of processes of its own, and ends what it
// left behind.
func command(ctx context.Context, out io.Writer, limit time.Duration, dir string, env []string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir, c.Env, c.WaitDelay = dir, env, 10*time.Second
	c.Stdout, c.Stderr = out, out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	end := func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.Cancel = end
	err := c.Run()
	if c.Process != nil {
		_ = end() // there is none, most times
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("it did not end within %v", limit)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// logged runs a command of the lane's own, with its output in a file. The error has the
// last line.
func logged(ctx context.Context, file string, limit time.Duration, dir string, env []string, args ...string) error {
	log, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	if err := command(ctx, log, limit, dir, env, args...); err != nil {
		return fmt.Errorf("%s: %w: %s (%s)", strings.Join(args[:min(len(args), 4)], " "), err, lastLine(file), file)
	}
	return nil
}

// lastLine is the last line in a file that says something.
func lastLine(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	return last[:min(len(last), 200)]
}
