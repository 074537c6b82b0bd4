// Package programs runs other programs for the project's own tools.
package programs

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

// Run runs a program within a time, in a group of processes of its own, and ends what it
// left behind.
func Run(ctx context.Context, out io.Writer, limit time.Duration, dir string, env []string, args ...string) error {
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

// Environment is this process's, without the variables that are foreign to a program, and
// with what is given.
func Environment(foreign func(name string) bool, given ...string) (env []string) {
	for _, each := range os.Environ() {
		if name, _, _ := strings.Cut(each, "="); !foreign(name) {
			env = append(env, each)
		}
	}
	return append(env, given...)
}

// LastLine is the last line of a text that says something, shortened.
func LastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	return last[:min(len(last), 200)]
}

// Python is the interpreter that ./task uses.
func Python() string {
	if named := os.Getenv("PYTHON"); named != "" {
		return named
	}
	return "python3"
}
