package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// installTime is for all that a step downloads, on a machine with other work.
const installTime = 20 * time.Minute

// A place is where the trials have their empty folders.
type place struct {
	ctx           context.Context
	home, version string
}

// empty makes a folder that no project is above.
func (p place) empty(name string) (string, error) {
	dir := filepath.Join(p.home, name)
	return dir, os.MkdirAll(dir, 0o755)
}

// run gives what a command prints; its error has that too.
func (p place) run(dir string, env []string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(p.ctx, installTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env = dir, append(bare(), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out.String())
	}
	return strings.TrimSpace(out.String()), nil
}

// bare is the environment without what points into the project.
func bare() []string {
	var kept []string
	for _, each := range os.Environ() {
		name, _, _ := strings.Cut(each, "=")
		if !strings.HasPrefix(name, "EVERCREDS_") && !strings.HasPrefix(name, "AWS_") && name != "PYTHONPATH" && name != "NODE_PATH" && name != "GOFLAGS" {
			kept = append(kept, each)
		}
	}
	return kept
}

// python is the interpreter that ./task uses.
func python() string {
	if named := os.Getenv("PYTHON"); named != "" {
		return named
	}
	return "python3"
}

// pip is the start of an installation by a Python.
func pip(python string) []string {
	return []string{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"}
}

// removeAll removes modules of Go's too, which are read-only.
func removeAll(dir string) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			return os.Chmod(path, 0o755)
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}

func write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
