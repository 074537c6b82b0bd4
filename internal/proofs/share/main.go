//go:build go1.25

// Command share has real processes of three languages share their refreshes, by a
// directory, a redis-server, a table or a bucket, while they are killed, stopped and lied to:
//
//	share CHECK [FLAGS]
//	share [FLAGS]
//
// Without a check it runs all of them. ./task share prepares and runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// check is one of the checks, with the options that it has where none are given.
type check struct {
	name string
	run  func(*lab, context.Context, *verdict) error
	options
	more []options // of the other runs that belong to it
}

var checks = []check{
	{"fleet", (*lab).fleet, options{store: "file", processes: 100, refreshes: 20}, []options{
		{store: "redis"}, {store: "dynamodb", processes: 30, refreshes: 10}, {store: "s3", processes: 12, refreshes: 5},
	}},
	{"cold", (*lab).cold, options{store: "file", processes: 100}, []options{{store: "redis"}}},
	{"kill", (*lab).kill, options{store: "file", processes: 100, refreshes: 20}, []options{{store: "redis"}}},
	{"stop", (*lab).stopped, options{store: "redis", processes: 30, refreshes: 10}, nil},
	{"store-down", (*lab).down, options{store: "redis", processes: 30, length: 4 * time.Minute}, nil},
	{"store-hang", (*lab).hang, options{store: "redis", processes: 30, length: 2 * time.Minute}, nil},
	{"failover", (*lab).failover, options{store: "redis", processes: 30, refreshes: 4}, nil},
	{"tamper", (*lab).tamper, options{store: "file"}, []options{{store: "redis"}}},
	{"sentinel", (*lab).sentinel, options{processes: 6}, nil},
	{"revoke", (*lab).revoke, options{store: "redis", told: "one", processes: 30}, []options{{told: "all"}}},
	{"clocks", (*lab).clocks, options{store: "file", refreshes: 3}, []options{{store: "redis"}}},
	{"fork", (*lab).forked, options{refreshes: 3}, nil},
	{"mfa", (*lab).mfa, options{processes: 20, kills: 200}, nil},
	{"principal", (*lab).principal, options{store: "file", processes: 24, refreshes: 2}, nil},
	{"engine", (*lab).engine, options{}, nil},
	{"off", (*lab).off, options{}, nil},
	{"keys", (*lab).manyKeys, options{keys: 1000, processes: 100_000}, nil},
}

// totals are what the last line tells.
type totals struct {
	lock                                        sync.Mutex
	checks, processes, refreshes, calls, failed int
}

func main() {
	given, names, quick := parse(os.Args[1:])
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var t totals
	var running sync.WaitGroup
	atOnce := make(chan struct{}, 1)
	if quick {
		atOnce = make(chan struct{}, 3) // a check sleeps more than it works
	}
	for _, c := range checks {
		if len(names) > 0 && !slices.Contains(names, c.name) {
			continue
		}
		if quick && len(names) == 0 && !slices.Contains(brief, c.name) {
			continue
		}
		for _, o := range c.runs(given, quick) {
			atOnce <- struct{}{}
			running.Go(func() {
				defer func() { <-atOnce }()
				play(ctx, c, o, &t)
			})
		}
	}
	running.Wait()
	fmt.Printf("share: %d checks, %d processes, %d refreshes, %d calls, %d failed\n", t.checks, t.processes, t.refreshes, t.calls, t.failed)
	if t.failed > 0 || t.checks == 0 {
		os.Exit(1)
	}
}

// runs are those of a check, with what is given in the place of their own. Of a store that
// is given, or of who is told, they are the rows that have it, or else the first.
func (c check) runs(given options, quick bool) []options {
	all := []options{c.options}
	for _, o := range c.more {
		all = append(all, c.options.with(o))
	}
	runs := slices.DeleteFunc(slices.Clone(all), func(o options) bool {
		return given.store != "" && o.store != given.store || given.told != "" && o.told != given.told
	})
	if len(runs) == 0 {
		runs = all[:1]
	}
	if quick {
		runs = []options{runs[0].with(small)}
	}
	for i := range runs {
		runs[i] = runs[i].with(given)
	}
	return runs
}

// small and brief are what CI has time for.
var (
	small = options{processes: 3, refreshes: 2, kills: 3, length: 40 * time.Second}
	brief = []string{"sentinel", "fleet", "kill", "tamper", "mfa"}
)

func parse(args []string) (given options, names []string, quick bool) {
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		names, args = append(names, args[0]), args[1:]
	}
	f := flag.NewFlagSet("share", flag.ExitOnError)
	f.StringVar(&given.store, "store", "", "file, redis, dynamodb or s3; default: those of each check")
	f.IntVar(&given.processes, "processes", 0, "how many processes share")
	f.IntVar(&given.refreshes, "refreshes", 0, "for how many refreshes they do")
	f.IntVar(&given.kills, "kill", 0, "mfa: how many are killed")
	f.IntVar(&given.keys, "keys", 0, "keys: how many keys there are")
	f.StringVar(&given.told, "told", "", "revoke: one or all")
	f.DurationVar(&given.length, "length", 0, "store-down, store-hang: how long it takes")
	f.BoolVar(&quick, "quick", false, "a few checks with a few processes, as CI has")
	languages := f.String("languages", strings.Join(workers.Languages, ","), "those of the processes, in equal parts")
	_ = f.Bool("mix", true, "processes of all languages in equal parts")
	_ = f.Bool("virtual", true, "keys: in virtual time")
	_ = f.Parse(args)
	given.languages = strings.Split(*languages, ",")
	for _, n := range names {
		if !slices.ContainsFunc(checks, func(c check) bool { return c.name == n }) {
			fmt.Fprintf(os.Stderr, "share: there is no check %q\n", n)
			os.Exit(2)
		}
	}
	return given, names, quick
}

// with takes what another has, where that has anything.
func (o options) with(more options) options {
	if more.store != "" {
		o.store = more.store
	}
	if more.told != "" {
		o.told = more.told
	}
	for _, f := range []struct{ to, from *int }{{&o.processes, &more.processes}, {&o.refreshes, &more.refreshes}, {&o.kills, &more.kills}, {&o.keys, &more.keys}} {
		if *f.from > 0 {
			*f.to = *f.from
		}
	}
	if len(more.languages) > 0 {
		o.languages = more.languages
	}
	if more.length > 0 {
		o.length = more.length
	}
	return o
}

// play runs one check, and prints what it found.
func play(ctx context.Context, c check, o options, t *totals) {
	ctx, stop := context.WithTimeout(ctx, 30*time.Minute)
	defer stop()
	title, began := strings.TrimSpace(c.name+" "+o.store+" "+o.told), time.Now()
	var v verdict
	l, err := newLab(o, short.lifetime)
	if err == nil {
		err = c.run(l, ctx, &v)
		stop() // processes that are left end with it
		l.await()
		if err == nil {
			err = l.err()
		}
		t.lock.Lock()
		t.processes += int(l.processesEver.Load())
		t.refreshes += rounds(l.gate.all(began))
		for _, g := range l.groups {
			t.calls += g.calls
		}
		t.lock.Unlock()
		l.close()
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	t.checks++
	for _, figure := range v.figures {
		fmt.Printf("%s: %s\n", title, figure)
	}
	if err != nil {
		v.missed = append(v.missed, err.Error())
	}
	for _, m := range v.missed {
		fmt.Printf("%s: MISSED %s\n", title, m)
	}
	if len(v.missed) > 0 {
		t.failed++
	}
	fmt.Printf("%s: %s after %v\n", title, map[bool]string{true: "as it should", false: "FAILED"}[len(v.missed) == 0], time.Since(began).Round(100*time.Millisecond))
}
