//go:build go1.25

// Command soak keeps dozens of sessions of Go, Python and Node in use for as long
// as it is told, with sets that last for seconds, faults that come and go,
// sessions that are made and closed and sets that are rejected, and fails where
// anything grows or a call failed for no reason. ./task soak prepares and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

var leaks = []string{"", "thread", "fd", "memory", "session"}

type options struct {
	minutes   float64
	languages []string
	seed      uint64
	leak      string
	root      string
	write     bool
	verbose   bool
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}

func parse() (o options, err error) {
	flag.Float64Var(&o.minutes, "minutes", 2, "how long each language runs, from 1 on")
	chosen := flag.String("languages", strings.Join(workers.Languages, ","), "which, one after the other")
	flag.Uint64Var(&o.seed, "seed", 1, "of the faults")
	flag.StringVar(&o.leak, "leak", "", "leak on purpose: thread, fd, memory or session; must be told")
	flag.StringVar(&o.root, "root", ".", "the project's directory")
	flag.BoolVar(&o.write, "write", false, "write a run that is good into docs/evidence/soak.md")
	flag.BoolVar(&o.verbose, "verbose", false, "print each sample and each call that failed")
	flag.Parse()
	o.languages = strings.Split(*chosen, ",")
	switch {
	case flag.NArg() > 0:
		return o, fmt.Errorf("%q is not understood; see --help", flag.Arg(0))
	case !(o.minutes >= 1 && o.minutes <= 60*24*7):
		return o, errors.New("-minutes must be from 1 to a week")
	case !slices.Contains(leaks, o.leak):
		return o, fmt.Errorf("-leak must be one of %q", leaks[1:])
	}
	for _, l := range o.languages {
		if !slices.Contains(workers.Languages, l) {
			return o, fmt.Errorf("-languages must be of %q, got %q", workers.Languages, l)
		}
	}
	o.root, err = filepath.Abs(o.root)
	return o, err
}

func run() error {
	o, err := parse()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var done []*soak
	for _, language := range o.languages {
		s, err := one(ctx, o, language)
		if err != nil {
			return fmt.Errorf("%s: %w", language, err)
		}
		s.print(os.Stdout)
		done = append(done, s)
	}
	for _, s := range done {
		err = errors.Join(err, s.failure())
	}
	if err == nil && o.write {
		err = writePage(filepath.Join(o.root, "docs", "evidence", "soak.md"), done)
	}
	return err
}

// one is the soak of one language.
func one(ctx context.Context, o options, language string) (*soak, error) {
	last, pass := plan(language)
	server, err := standIn(slices.Concat(last, pass))
	if err != nil {
		return nil, err
	}
	defer server.Close()
	length := time.Duration(o.minutes * float64(time.Minute))
	s := &soak{language: language, minutes: o.minutes, verbose: o.verbose, leak: o.leak, load: loads[language],
		installs: map[int]int64{}, totals: map[string]int64{}, blames: map[string][]blame{}}
	ctx, cancel := context.WithTimeout(ctx, length+2*time.Minute) // ends a worker that hangs
	defer cancel()
	var watching sync.WaitGroup
	watching.Go(func() {
		workers.WatchStalls(ctx.Done(), func(lag time.Duration) {
			if now := time.Now().UnixMilli(); lag.Milliseconds() > stallMs {
				s.own = append(s.own, blame{now - lag.Milliseconds(), now})
			}
		})
	})
	err = s.work(ctx, server, o, last, pass, length)
	cancel()
	watching.Wait()
	if err != nil {
		return nil, err
	}
	return s, s.conclude()
}

// sampleEvery keeps the number of samples of long runs low: each costs a
// collection of garbage.
func sampleEvery(length time.Duration) time.Duration { return max(2*time.Second, length/1000) }
