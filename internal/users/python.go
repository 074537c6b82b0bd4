package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/programs"
)

// installTime is what the making of one environment may take, on a slow line.
const installTime = 20 * time.Minute

// pythonPlace has a virtual environment for each file in users/python/environments, with
// the wheel in it.
type pythonPlace struct {
	home  string
	turns turns
}

// pythonHelpers are the files that stand beside each program.
func pythonHelpers() []string { return globbed("users/python/*.py") }

func pythonList(p program) string {
	return filepath.Join("users/python/environments", p.environment+".txt")
}

// wheel is the one for this machine, which ./task python:wheel made.
func wheel() (string, error) {
	files, err := filepath.Glob(filepath.Join("build/wheel", runtime.GOARCH, "*.whl"))
	if err != nil {
		return "", err
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "-any.whl") {
			return filepath.Abs(file)
		}
	}
	return "", fmt.Errorf("there is no wheel in build/wheel/%s (./task python:wheel)", runtime.GOARCH)
}

func (*pythonPlace) stamp(p program) (string, error) {
	file, err := wheel()
	if err != nil {
		return "", err
	}
	return digest([]string{programs.Python()}, append(append(pythonHelpers(), file, pythonList(p)), p.sources()...)...)
}

func (l *pythonPlace) ready(ctx context.Context, p program) (seat, error) {
	defer l.turns.take(p.environment)()
	home := filepath.Join(l.home, p.environment)
	venv := filepath.Join(home, "venv")
	s := seat{dir: filepath.Join(home, "programs", p.name), env: []string{
		"PATH=" + filepath.Join(venv, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"VIRTUAL_ENV=" + venv, "PYTHONUNBUFFERED=1",
	}}
	if err := l.install(ctx, home, venv, pythonList(p)); err != nil {
		return s, err
	}
	if err := copied(s.dir, append(p.sources(), pythonHelpers()...)...); err != nil {
		return s, err
	}
	say := "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
	if p.framework == "python" {
		say = "import platform; print(platform.python_version())"
	}
	var out bytes.Buffer
	err := programs.Run(ctx, &out, time.Minute, s.dir, environment(s.env...), filepath.Join(venv, "bin/python"), "-c", say, p.framework)
	s.version = strings.TrimSpace(out.String())
	return s, err
}

// install makes the environment anew if its list or Python is another, and installs the
// wheel anew if it is another.
func (l *pythonPlace) install(ctx context.Context, home, venv, list string) error {
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	listed, err := digest([]string{programs.Python(), home}, list)
	if err != nil {
		return err
	}
	pip := []string{filepath.Join(venv, "bin/python"), "-m", "pip", "install", "--quiet"}
	err = renewed(filepath.Join(home, "list"), listed, func() error {
		if err := os.RemoveAll(venv); err != nil {
			return err
		}
		_ = os.Remove(filepath.Join(home, "package"))
		if err := logged(ctx, filepath.Join(home, "venv.log"), installTime, ".", environment(), programs.Python(), "-m", "venv", venv); err != nil {
			return err
		}
		return logged(ctx, filepath.Join(home, "install.log"), installTime, ".", environment(), append(pip, "--requirement", list)...)
	})
	if err != nil {
		return err
	}
	file, err := wheel()
	if err != nil {
		return err
	}
	packaged, err := digest(nil, file)
	if err != nil {
		return err
	}
	return renewed(filepath.Join(home, "package"), packaged, func() error {
		return logged(ctx, filepath.Join(home, "package.log"), installTime, ".", environment(), append(pip, "--no-deps", "--force-reinstall", file)...)
	})
}
