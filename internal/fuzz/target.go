package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// target is one fuzz target.
type target struct {
	module, dir, path, name string
}

// result is what a run of a target came to.
type result struct {
	executions, interesting int64
	finding                 string // the end of what go test printed
}

// list finds the targets of some modules.
func list(modules []string) (all []target, err error) {
	for _, module := range modules {
		packages, err := goTool(module, "list", "-f", "{{.Dir}}\t{{.ImportPath}}\t{{join .TestGoFiles \" \"}} {{join .XTestGoFiles \" \"}}", "./...")
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(packages) {
			fields := strings.SplitN(strings.TrimRight(line, "\n"), "\t", 3)
			for _, file := range strings.Fields(fields[2]) {
				text, err := os.ReadFile(filepath.Join(fields[0], file))
				if err != nil {
					return nil, err
				}
				for _, found := range declared.FindAllSubmatch(text, -1) {
					all = append(all, target{module, fields[0], fields[1], string(found[1])})
				}
			}
		}
	}
	return all, nil
}

var declared = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

func goTool(dir string, args ...string) (string, error) {
	run := exec.Command("go", args...)
	run.Dir = dir
	run.Stderr = os.Stderr
	out, err := run.Output()
	return string(out), err
}

// run has one target look for findings. One worker, since others may want the
// machine too; and little time for making inputs small, which finds nothing.
func (t target) run(length time.Duration) (r result) {
	run := exec.Command("go", "test", t.path, "-run", "^$", "-fuzz", "^"+t.name+"$",
		"-fuzztime", length.String(), "-fuzzminimizetime", "1s", "-parallel", "1", "-timeout", "0")
	run.Dir = t.module
	out, err := run.CombinedOutput()
	for _, line := range progress.FindAllStringSubmatch(string(out), -1) {
		r.executions, _ = strconv.ParseInt(line[1], 10, 64)
		r.interesting, _ = strconv.ParseInt(line[2], 10, 64)
	}
	if err != nil && !timeUp.Match(out) {
		text := string(out)
		r.finding = cmp.Or(text[max(0, len(text)-4000):], err.Error())
	}
	return r
}

// timeUp is how go test, up to Go 1.26, now and then ends a run whose time is over,
// as if that were a failure: https://go.dev/issue/75804.
var timeUp = regexp.MustCompile(`(?m)^--- FAIL: Fuzz\w+ \([\d.]+s\)\n {4}context deadline exceeded\nFAIL$`)

var progress = regexp.MustCompile(`execs: (\d+) .*\(total: (\d+)\)`)

// keep copies the smallest inputs of the build cache's corpus.
func (t target) keep(most int) error {
	cache, err := goTool(t.module, "env", "GOCACHE")
	if err != nil {
		return err
	}
	from := filepath.Join(strings.TrimSpace(cache), "fuzz", filepath.FromSlash(t.path), t.name)
	inputs, err := os.ReadDir(from)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	size := func(e os.DirEntry) int64 {
		info, err := e.Info()
		if err != nil {
			return 0
		}
		return info.Size()
	}
	slices.SortFunc(inputs, func(a, b os.DirEntry) int { return cmp.Compare(size(a), size(b)) })
	to := filepath.Join(t.dir, "testdata", "fuzz", t.name)
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, input := range inputs[:min(most, len(inputs))] {
		text, err := os.ReadFile(filepath.Join(from, input.Name()))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, input.Name()), text, 0o644); err != nil {
			return fmt.Errorf("the corpus of %s: %w", t.name, err)
		}
	}
	return nil
}
