package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/programs"
)

// environment is the caller's, without what is of AWS or of the project's tasks, and with
// what is given.
func environment(given ...string) []string {
	return programs.Environment(func(name string) bool {
		return strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "EVERCREDS_") || strings.HasPrefix(name, "PYTHON") ||
			name == "GOFLAGS" || name == "NODE_OPTIONS" || name == "CI"
	}, given...)
}

// logged runs a command of the lane's own, with its output in a file. The error has the
// last line.
func logged(ctx context.Context, file string, limit time.Duration, dir string, env []string, args ...string) error {
	log, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	if err := programs.Run(ctx, log, limit, dir, env, args...); err != nil {
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
	return programs.LastLine(string(text))
}
