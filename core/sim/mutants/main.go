// Command mutants breaks the machine on purpose, in one way after the other,
// and has the simulator look at each: a simulator that finds nothing has to be
// one that would have found something. It prints a table of what caught which
// mutant, and fails if one was not caught.
//
//	go run ./core/sim/mutants [-steps N] [-seed S] [-only WORDS]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A simulation that does not end by itself, as a mutant's may, is ended after so many
// times what the machine as it is took: that it took longer is no finding of its own.
const (
	patience = 10
	atFirst  = 10 * time.Minute
)

func main() {
	steps := flag.Int("steps", 2_000_000, "how many steps to simulate with each mutant")
	seed := flag.Uint64("seed", 1, "the first seed")
	only := flag.String("only", "", "only mutants with these words in their name")
	flag.Parse()
	if err := run(*steps, *seed, *only); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(steps int, seed uint64, only string) error {
	bench, err := newBench(steps, seed)
	if err != nil {
		return err
	}
	defer os.RemoveAll(bench.dir)
	begun := time.Now()
	if verdict, err := bench.simulate(); err != nil || verdict != "" {
		return errors.Join(fmt.Errorf("the machine as it is fails already: %s", verdict), err)
	}
	bench.limit = patience * time.Since(begun)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "mutant\tbreaks\tcaught by")
	caught, survivors := 0, 0
	for _, m := range slices.Concat(invariants, rules, needs) {
		if !strings.Contains(m.name, only) {
			continue
		}
		verdict, err := bench.try(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if caught++; verdict == "" {
			verdict = "NOTHING"
			caught--
			survivors++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", m.name, m.rule, verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Printf("%d mutants caught, %d survived\n", caught, survivors)
	if survivors > 0 {
		return errors.New("the simulator misses mutants")
	}
	return nil
}

// bench is a copy of the machine and its simulator in a directory of its own.
type bench struct {
	dir   string
	args  []string // of the simulator
	limit time.Duration
}

func newBench(steps int, seed uint64) (*bench, error) {
	dir, err := os.MkdirTemp("", "evercreds-mutants-")
	if err != nil {
		return nil, err
	}
	b := &bench{dir: dir, limit: atFirst, args: []string{
		"-test.run=^TestHistories$", "-sim.shrink=false", "-sim.steps=" + strconv.Itoa(steps), "-sim.seed=" + strconv.FormatUint(seed, 10),
	}}
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for _, pattern := range []string{"go.mod", "go.sum", "core/*.go", "core/sim/*.go", "core/sim/world/*.go", "internal/trace/*.go", "internal/fuzzed/*.go"} {
		if err := b.copy(strings.TrimSpace(string(root)), pattern); err != nil {
			os.RemoveAll(dir)
			return nil, err
		}
	}
	return b, nil
}

func (b *bench) copy(root, pattern string) error {
	files, err := filepath.Glob(filepath.Join(root, pattern))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		to := filepath.Join(b.dir, strings.TrimPrefix(file, root))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// try tells what the simulator says of a mutant: "" if nothing.
func (b *bench) try(m mutant) (verdict string, err error) {
	file := filepath.Join(b.dir, "core", m.file)
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return "", fmt.Errorf("%q stands %d times in %s: the mutant must be brought up to date", m.old, n, m.file)
	}
	broken := strings.Replace(string(text), m.old, m.new, 1)
	if err := os.WriteFile(file, []byte(broken), 0o644); err != nil {
		return "", err
	}
	verdict, err = b.simulate()
	return verdict, errors.Join(err, os.WriteFile(file, text, 0o644))
}

var finding = regexp.MustCompile(`seed (\d+): (.*)`)

// simulate builds the simulator, runs it, and tells its first finding, "" for
// none.
func (b *bench) simulate() (verdict string, err error) {
	program := filepath.Join(b.dir, "sim.test")
	build := exec.Command("go", "test", "-c", "-vet=off", "-o", program, "./core/sim")
	build.Dir = b.dir
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, b.args...)
	cmd.Dir = b.dir
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	switch found := finding.FindSubmatch(out); {
	case err == nil:
		return "", nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("nothing was found within %v", b.limit)
	case found != nil:
		return fmt.Sprintf("%.60s (seed %s)", found[2], found[1]), nil
	case strings.Contains(string(out), "panic:"):
		return "a panic", nil
	}
	return "", fmt.Errorf("%w\n%s", err, out)
}
