// Command trial tries, on this machine alone, what users will do with a release:
//
//	trial registries [NAME...]   takes Go modules, wheel and npm package from registries
//	trial artefacts [NAME...]    installs and runs what is in build/package in empty places
//	trial equal A B              compares two folders of artefacts byte for byte
//
// It runs in the root of the project, on what ./task package made. Each line that it prints
// says what was tried; the last counts them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"

	"github.com/evercreds/evercreds/internal/release/tree"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "trial:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	version, err := tree.Version(".")
	if err != nil {
		return err
	}
	if len(args) == 3 && args[0] == "equal" {
		return equal(args[1], args[2])
	}
	home, err := os.MkdirTemp("", "evercreds-trial-")
	if err != nil {
		return err
	}
	defer removeAll(home)
	p := place{ctx: ctx, home: home, version: version}
	switch {
	case len(args) > 0 && args[0] == "registries":
		return all("registries", []trial{{"Go", p.golang}, {"Python", p.pypi}, {"Node", p.npm}}, args[1:])
	case len(args) > 0 && args[0] == "artefacts":
		return all("artefacts", p.artefacts(), args[1:])
	}
	return errors.New("what is to be tried? registries, artefacts or equal")
}

// A trial says what it saw.
type trial struct {
	name string
	try  func() (string, error)
}

// all runs every trial, or those of these names, whatever the ones before it said.
func all(name string, trials []trial, only []string) error {
	if len(only) > 0 {
		trials = slices.DeleteFunc(trials, func(t trial) bool { return !slices.Contains(only, t.name) })
	}
	if len(trials) == 0 {
		return fmt.Errorf("no such trial: %q", only)
	}
	failed, skipped := 0, 0
	for _, each := range trials {
		saw, err := each.try()
		switch {
		case errors.Is(err, errNotRun):
			skipped++
			fmt.Printf("%s: built, not run: %s\n", each.name, saw)
		case err != nil:
			failed++
			fmt.Printf("%s: FAILED: %v\n", each.name, err)
		default:
			fmt.Printf("%s: %s\n", each.name, saw)
		}
	}
	fmt.Printf("%s: %d passed, %d failed, %d built but not run\n", name, len(trials)-failed-skipped, failed, skipped)
	if failed > 0 {
		return fmt.Errorf("%d of %d failed", failed, len(trials))
	}
	return nil
}

// errNotRun is of an artefact that this machine cannot run. It was looked at.
var errNotRun = errors.New("not run")
