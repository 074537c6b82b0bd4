package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/evercreds/evercreds/internal/programs"
)

// nodePlace has what each folder in users/node/environments locks, with the package's
// tarball unpacked in it as npm does.
type nodePlace struct {
	home  string
	turns turns
	once  sync.Once
	ball  string
	err   error
}

// nodeHelpers are the files that stand beside each program.
func nodeHelpers() []string { return globbed("users/node/*.mjs") }

func nodeList(p program) string { return filepath.Join("users/node/environments", p.environment) }

// tarball packs the package, once in a run.
func (l *nodePlace) tarball() (string, error) {
	l.once.Do(func() {
		folder := filepath.Join(l.home, "package")
		if l.err = copied(folder); l.err != nil {
			return
		}
		if l.err = os.MkdirAll(folder, 0o755); l.err != nil {
			return
		}
		l.err = logged(context.Background(), filepath.Join(l.home, "pack.log"), 5*time.Minute, "bindings/node", environment(),
			"npm", "pack", "--silent", "--pack-destination", folder)
		if l.err != nil {
			return
		}
		files, _ := filepath.Glob(filepath.Join(folder, "*.tgz")) // no bad pattern
		if len(files) != 1 {
			l.err = fmt.Errorf("npm pack gave %d files", len(files))
			return
		}
		l.ball = files[0]
	})
	return l.ball, l.err
}

func (l *nodePlace) stamp(p program) (string, error) {
	ball, err := l.tarball()
	if err != nil {
		return "", err
	}
	return digest(nil, append(append(nodeHelpers(), ball, nodeList(p)), p.sources()...)...)
}

func (l *nodePlace) ready(ctx context.Context, p program) (seat, error) {
	defer l.turns.take(p.environment)()
	home := filepath.Join(l.home, p.environment)
	modules := filepath.Join(home, "node_modules")
	s := seat{dir: filepath.Join(home, "programs", p.name), env: []string{
		"PATH=" + filepath.Join(modules, ".bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true",
	}}
	if err := l.install(ctx, home, modules, p); err != nil {
		return s, err
	}
	if err := copied(s.dir, append(p.sources(), nodeHelpers()...)...); err != nil {
		return s, err
	}
	var err error
	s.version, err = nodeVersion(ctx, modules, p.framework)
	return s, err
}

func nodeVersion(ctx context.Context, modules, framework string) (string, error) {
	if framework == "node" {
		var out bytes.Buffer
		err := programs.Run(ctx, &out, time.Minute, ".", environment(), "node", "--version")
		return strings.TrimPrefix(strings.TrimSpace(out.String()), "v"), err
	}
	text, err := os.ReadFile(filepath.Join(modules, framework, "package.json"))
	if err != nil {
		return "", err
	}
	var described struct{ Version string }
	return described.Version, json.Unmarshal(text, &described)
}

func (l *nodePlace) install(ctx context.Context, home, modules string, p program) error {
	if err := os.MkdirAll(home, 0o755); err != nil {
		return err
	}
	list := nodeList(p)
	listed, err := digest([]string{home}, list)
	if err != nil {
		return err
	}
	err = renewed(filepath.Join(home, "list"), listed, func() error {
		if err := copied(home, list); err != nil {
			return err
		}
		return logged(ctx, filepath.Join(home, "install.log"), installTime, home, environment(), "npm", "ci", "--no-progress", "--no-audit", "--no-fund")
	})
	if err != nil {
		return err
	}
	ball, err := l.tarball()
	if err != nil {
		return err
	}
	packaged, err := digest(nil, ball)
	if err != nil {
		return err
	}
	return renewed(filepath.Join(home, "package"), packaged, func() error {
		folder := filepath.Join(modules, "evercreds")
		if err := os.RemoveAll(folder); err != nil {
			return err
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		return logged(ctx, filepath.Join(home, "package.log"), time.Minute, home, environment(), "tar", "-xzf", ball, "-C", folder, "--strip-components=1")
	})
}
