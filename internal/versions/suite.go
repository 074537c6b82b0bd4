package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/programs"
)

// suiteTime is what one suite may take, on a machine that has other things to do too.
const suiteTime = 50 * time.Minute

func today() string { return time.Now().UTC().Format(time.DateOnly) }

// environment is the caller's, without what ./task has set for the tree itself, and
// with what is given.
func environment(given ...string) []string {
	env := programs.Environment(func(name string) bool {
		return strings.HasPrefix(name, "EVERCREDS_") || name == "GOFLAGS" || name == "GOTOOLCHAIN"
	}, "GOWORK=off")
	return append(env, given...)
}

// command runs one in a directory of the clone and gives all that it wrote.
func (b *bench) command(ctx context.Context, limit time.Duration, dir string, env []string, args ...string) (string, error) {
	var out bytes.Buffer
	err := b.commandTo(ctx, &out, limit, dir, env, args...)
	if err != nil {
		err = fmt.Errorf("%s: %w: %s", strings.Join(args[:min(len(args), 3)], " "), err, programs.LastLine(out.String()))
	}
	return out.String(), err
}

func (b *bench) commandTo(ctx context.Context, out io.Writer, limit time.Duration, dir string, env []string, args ...string) error {
	return programs.Run(ctx, out, limit, filepath.Join(b.clone, dir), environment(env...), args...)
}

// run runs a command of the project's and keeps its output in a log of this name.
// ran is its closing lines; why is "" where all went well.
func (b *bench) run(ctx context.Context, name string, do command) (ran, why string) {
	file := filepath.Join(b.home, name+".log")
	fmt.Printf("== %s: %s (log: %s)\n", name, strings.Join(do.args, " "), file)
	begun := time.Now()
	log, err := os.Create(file)
	if err != nil {
		return "", err.Error()
	}
	defer func() { _ = log.Close() }()
	failed := b.commandTo(ctx, log, suiteTime, do.dir, do.env, append([]string{"nice"}, do.args...)...)
	out, err := os.ReadFile(file)
	if err != nil {
		return "", err.Error()
	}
	ran = strings.Join(closings(string(out)), "; ")
	if failed != nil {
		why = "it failed, see " + name + ".log"
	} else if ran == "" {
		ran = do.does
	}
	fmt.Printf("== %s: %s after %d s %s\n", name, ran, int(time.Since(begun).Seconds()), why)
	return ran, why
}

var (
	colour  = regexp.MustCompile("\x1b\\[[0-9;]*m")
	closing = []*regexp.Regexp{
		regexp.MustCompile(`^go: (\d+ passed, \d+ failed)`),
		regexp.MustCompile(`^=* ?((?:\d+ [a-z]+, )*\d+ [a-z]+) in [\d.]+s`),
		regexp.MustCompile(`^\s*Tests\s+((?:\d+ [a-z]+[ |]*)+)`),
		regexp.MustCompile(`^wheel: (\d+ passed, \d+ failed)`),
	}
	tested = regexp.MustCompile(`^ok\s+\S*/(\S+)\t`)
)

// closings are the counts that the runners of tests end with, or the packages that Go
// tested where nothing counts.
func closings(log string) (found []string) {
	var packages []string
	for line := range strings.Lines(colour.ReplaceAllString(log, "")) {
		for _, pattern := range closing {
			if m := pattern.FindStringSubmatch(line); m != nil {
				found = append(found, strings.TrimSpace(strings.ReplaceAll(m[1], " | ", ", ")))
			}
		}
		if m := tested.FindStringSubmatch(line); m != nil {
			packages = append(packages, m[1])
		}
	}
	if len(found) == 0 && len(packages) > 0 {
		return []string{"tests of " + strings.Join(packages, ", ")}
	}
	return found
}
