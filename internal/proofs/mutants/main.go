// Command mutants breaks the machine on purpose, in one way after the other,
// and has the simulator look at each: a simulator that finds nothing has to be
// one that would have found something. What no history comes to, the scenarios
// and the core's tests look at. It prints a table of what caught which mutant,
// and fails if one was not caught. With -hosts it breaks the loops around the machine
// instead, and the host scenarios look at them.
//
//	go run ./internal/proofs/mutants [-steps N] [-seed S] [-only WORDS] [-edges | -hosts]
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
	only := flag.String("only", "", "only mutants with these words in their name, or in what they break")
	noSim := flag.Bool("edges", false, "only mutants that the scenarios are to notice, without the simulator")
	ofHosts := flag.Bool("hosts", false, "mutants of the hosts, which the host scenarios are to notice")
	flag.Parse()
	look := func() error { return run(*steps, *seed, *only, *noSim) }
	if *ofHosts {
		look = func() error { return runHosts(*only) }
	}
	if err := look(); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(steps int, seed uint64, only string, noSim bool) error {
	b, err := newBench(steps, seed)
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	var begun time.Time
	all, judges := slices.Concat(invariants, rules, needs, edges, sharing), []judge{(*bench).replay, (*bench).simulate}
	if noSim {
		all, judges = slices.Concat(edges, sharing), judges[:1]
	}
	for _, look := range judges {
		begun = time.Now()
		if verdict, err := look(b); err != nil || verdict != "" {
			return errors.Join(fmt.Errorf("the machine as it is fails already: %s", verdict), err)
		}
	}
	b.limit = patience * time.Since(begun)
	all = slices.DeleteFunc(slices.Clone(all), func(m mutant) bool { return !m.matches(only) })
	return tryAll(all, "mutants", b.try)
}

func (m mutant) matches(words string) bool {
	return strings.Contains(m.name, words) || strings.Contains(m.rule, words)
}

// tryAll tries mutants, and prints what caught which. It is an error that one survives.
func tryAll(all []mutant, called string, try func(mutant) (verdict string, err error)) error {
	const row = "%-58s  %-42s  %s\n"
	fmt.Printf(row, "mutant", "breaks", "caught by")
	survivors := 0
	for _, m := range all {
		verdict, err := try(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if verdict == "" {
			verdict = "NOTHING"
			survivors++
		}
		fmt.Printf(row, m.name, m.rule, verdict)
	}
	fmt.Printf("%d %s caught, %d survived\n", len(all)-survivors, called, survivors)
	if survivors > 0 {
		return errors.New("mutants are missed")
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
	for _, pattern := range []string{"go.mod", "go.sum", "core/*.go", "internal/proofs/sim/*.go", "internal/proofs/world/*.go", "internal/proofs/group/*.go", "internal/proofs/model/*.go", "core/testdata/*.trace", "internal/trace/*.go", "internal/abi/*.go", "internal/fuzzed/*.go"} {
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

// judge tells what is wrong with the machine as it stands on the bench: "" if nothing.
type judge func(*bench) (verdict string, err error)

// try tells what is said of a mutant: "" if nothing.
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
	look := (*bench).simulate
	switch {
	case slices.Contains(edges, m):
		look = (*bench).replay
	case slices.Contains(sharing, m):
		look = (*bench).share
	}
	verdict, err = look(b)
	return verdict, errors.Join(err, os.WriteFile(file, text, 0o644))
}

var promise = regexp.MustCompile(`\b(S\d+): at`)

// share has the scenarios look, then the room with a group of processes, and then the
// second model: what each finds is told.
func (b *bench) share() (verdict string, err error) {
	verdict, err = b.replay()
	if err != nil {
		return "", err
	}
	out, err := b.test("internal/proofs/group", "-test.failfast", "-test.run=^(TestEvery|TestHistories)$", "-group.states=30000", "-group.histories=10")
	if found := promise.FindSubmatch(out); err == nil && found != nil {
		verdict += ", " + string(found[1])
	}
	if err == nil {
		out, err = b.test("internal/proofs/model", "-test.run=^TestModelAgrees$", "-model.histories=8000")
	}
	if err == nil && len(out) > 0 {
		verdict += ", the second model"
	}
	return strings.TrimPrefix(verdict, ", "), err
}

var finding = regexp.MustCompile(`seed (\d+): (.*)`)

// simulate builds the simulator, runs it, and tells its first finding, "" for
// none.
func (b *bench) simulate() (verdict string, err error) {
	out, err := b.test("internal/proofs/sim", b.args...)
	if found := finding.FindSubmatch(out); err == nil && found != nil {
		return fmt.Sprintf("%.60s (seed %s)", found[2], found[1]), nil
	}
	return said(out, err)
}

var failing = regexp.MustCompile(`(?m)^ *--- FAIL: ([^/ ]+)(?:/(\S+))?`)

// replay runs the scenarios and then the tests of the core, and tells the first that
// fails, "" for none. Those that take long, or look at the source, are no judges here.
func (b *bench) replay() (verdict string, err error) {
	out, err := b.test("internal/trace", "-test.run=^TestScenarios$")
	if err == nil && len(out) == 0 {
		out, err = b.test("core", "-test.failfast", "-test.skip=^(TestPurity|TestTicketsAreNeverReused|TestADayOfReports)$")
	}
	if found := failing.FindAllSubmatch(out, 2); err == nil && found != nil {
		if name := string(found[0][1]); name != "TestScenarios" {
			return name, nil
		}
		return fmt.Sprintf("the scenario %s", found[len(found)-1][2]), nil
	}
	return said(out, err)
}

// test builds the tests of a package, runs them there, and gives what they print if
// they fail.
func (b *bench) test(folder string, args ...string) (out []byte, err error) {
	program := filepath.Join(b.dir, strings.ReplaceAll(folder, "/", "_")+".test")
	build := exec.Command("go", "test", "-c", "-vet=off", "-o", program, "./"+folder)
	build.Dir = b.dir
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), b.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = filepath.Join(b.dir, folder)
	cmd.WaitDelay = time.Second
	out, err = cmd.CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err == nil:
		return nil, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("nothing was found within %v", b.limit)
	case errors.As(err, &failed):
		return out, nil
	}
	return out, err
}

// said is the verdict where no finding can be read.
func said(out []byte, err error) (verdict string, _ error) {
	switch {
	case err != nil || len(out) == 0:
		return "", err
	case strings.Contains(string(out), "panic:"):
		return "a panic", nil
	}
	return "", fmt.Errorf("a failure without a finding\n%s", out)
}
