//go:build go1.25

package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// soak is one language's run.
type soak struct {
	language string
	minutes  float64
	verbose  bool
	leak     string
	load     load

	server *awstest.Server
	worker *workers.Process

	own []blame // standstills of this process, which has the stand-in in it

	lock     sync.Mutex // of what follows
	stalls   []blame    // of the worker
	faults   int
	blames   map[string][]blame // by source
	sources  []source           // of the sessions, which are numbered from 1
	installs map[int]int64      // by session
	totals   map[string]int64
	failed   []failure

	samples    []usage
	start, end usage

	rows        []row
	unexplained []failure
}

// work runs the worker: its sessions that last, and what passes meanwhile.
func (s *soak) work(ctx context.Context, server *awstest.Server, o options, last, pass []source, length time.Duration) error {
	s.server = server
	s.worker = &workers.Process{Language: s.language, Root: o.root, Server: server, Region: "us-east-1", Call: s.hear,
		// The C library keeps memory of each thread's, and an arena of its own for
		// many of them: a hundred threads in Python would fill these for minutes.
		Env: []string{"GLIBC_TUNABLES=glibc.malloc.arena_max=2:glibc.malloc.tcache_count=0"}}
	if err := s.worker.Start(ctx); err != nil {
		return err
	}
	err := s.warmUp(ctx, pass)
	if err == nil {
		s.start, err = s.settle(ctx, nil)
	}
	var sessions []int
	for i := 0; i < len(last) && err == nil; i++ {
		var n int
		n, err = s.open(ctx, last[i], false)
		sessions = append(sessions, n)
	}
	if err == nil {
		err = s.keepInUse(ctx, o.seed, sessions, last, pass, length)
	}
	var closing sync.WaitGroup
	for _, n := range sessions {
		closing.Go(func() { s.close(ctx, n, false) })
	}
	closing.Wait()
	if err == nil {
		s.end, err = s.settle(ctx, s.start)
	}
	return cmp.Or(s.worker.End(), err)
}

// warmUp makes what is made with the first of each, and lets the heap of a core that
// is loaded be collected.
func (s *soak) warmUp(ctx context.Context, pass []source) error {
	for i, src := range pass {
		s.passBy(ctx, src, 2*i)
	}
	if s.load.ForkMs > 0 {
		n, err := s.open(ctx, pass[0], false)
		if err != nil {
			return err
		}
		s.fork(ctx, n)
		s.close(ctx, n, true)
	}
	if s.load.WarmUp == 0 {
		return nil
	}
	n, err := s.open(ctx, source{Source: workers.Source{Kind: "made"}}, false)
	if err == nil {
		_, err = s.worker.Do(ctx, workers.Order{Do: "refresh", Session: n, Times: s.load.WarmUp})
	}
	if err == nil {
		_, err = s.worker.Do(ctx, workers.Order{Do: "close", Session: n})
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	delete(s.installs, n)
	return err
}

// settle is what the worker holds with nothing open.
func (s *soak) settle(ctx context.Context, start usage) (usage, error) {
	order := workers.Order{Do: "settle"}
	held, err := s.worker.Do(ctx, workers.Order{Do: "sample"})
	for _, b := range bounds {
		if _, told := held.Usage[b.name]; told && b.back {
			order.Names = append(order.Names, b.name)
		}
	}
	if err != nil {
		return nil, err
	}
	order.Start = start
	line, err := s.worker.Do(ctx, order)
	s.totals["threads"] = line.Ended
	return line.Usage, err
}

// keepInUse has the sessions that last in use for the length of the run.
func (s *soak) keepInUse(ctx context.Context, seed uint64, sessions []int, last, pass []source, length time.Duration) error {
	for _, n := range sessions {
		pace := workers.Around(s.load.Callers, s.load.PauseMs)
		if _, err := s.worker.Do(ctx, workers.Order{Do: "keep", Session: n, Pace: pace}); err != nil {
			return err
		}
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	over := time.Now().Add(length)
	var lanes sync.WaitGroup
	lane := func(ms int64, times int, work func(i int)) {
		lanes.Go(func() {
			for i := 0; ms > 0 && i < times && time.Now().Before(over) && pause(ctx, ms); i++ {
				work(i)
			}
		})
	}
	const always = 1 << 62
	lane(s.load.PassingMs, always, func(i int) { s.passBy(ctx, pass[i%len(pass)], i) })
	// once each: the core spaces what is rejected again and again, and counts all
	// sets as quickly rejected that live for less than a minute
	lane(s.load.RevokeMs, len(sessions), func(i int) { s.revoke(ctx, sessions[i]) })
	lane(s.load.ForkMs, always, func(i int) { s.fork(ctx, sessions[i*3%len(sessions)]) }) // of sound sources
	lanes.Go(func() { s.disturb(ctx, seed, last, over) })
	err := s.sample(ctx, over, sampleEvery(length))
	if err != nil {
		stop()
	}
	lanes.Wait()
	return err
}

// sample tells what the worker holds, again and again.
func (s *soak) sample(ctx context.Context, over time.Time, every time.Duration) error {
	for before := time.Now().UnixMilli(); time.Now().Before(over); {
		begun := time.Now()
		line, err := s.worker.Do(ctx, workers.Order{Do: "sample", Leak: s.leak})
		if err != nil {
			return err
		}
		now := time.Now().UnixMilli()
		if s.lock.Lock(); line.LagMs > stallMs {
			s.stalls = append(s.stalls, blame{before, now})
		}
		s.lock.Unlock()
		before = now
		if s.samples = append(s.samples, line.Usage); s.verbose {
			fmt.Println(line.Usage, "lag", line.LagMs)
		}
		// no more than a fifth of the time, where the machine is busy
		took := time.Since(begun)
		if !wait(ctx, max(every-took, min(4*took, 4*every))) {
			return ctx.Err()
		}
	}
	return nil
}

// disturb puts faults in force, round after round, and none in the last one, so
// that the end finds no source that hangs.
func (s *soak) disturb(ctx context.Context, seed uint64, sources []source, over time.Time) {
	random := rand.New(rand.NewPCG(seed, seed))
	for time.Now().Before(over.Add(-round)) {
		now := time.Now().UnixMilli()
		for _, o := range outages(random, sources) {
			// The plan knows its own sources: a fault that is refused is a mistake here.
			if err := s.server.Inject(o.fault); err != nil {
				panic(err)
			}
			s.lock.Lock()
			s.faults++
			s.blames[o.source.Name] = append(s.blames[o.source.Name], blame{now + o.fault.FromMs, now + o.fault.UntilMs})
			s.lock.Unlock()
		}
		if !wait(ctx, round) {
			return
		}
		s.server.ClearFaults()
	}
}

// pause waits for half to one and a half of ms. It tells whether to go on.
func pause(ctx context.Context, ms int64) bool {
	return wait(ctx, time.Duration(ms/2+rand.Int64N(ms))*time.Millisecond)
}

func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// conclude judges the run once its worker has ended.
func (s *soak) conclude() (err error) {
	for _, n := range s.installs {
		s.totals["refreshes"] += n
	}
	for _, f := range s.failed {
		if !f.explained(slices.Concat(s.blames[f.source], s.stalls, s.own)) {
			s.unexplained = append(s.unexplained, f)
		}
	}
	s.rows, err = judge(s.samples, s.minutes, s.start, s.end)
	return err
}
