package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

const (
	callers = 3
	pauseMs = 25 // leaves the machine to the other languages
	// showEvery is how often the view is brought up to date.
	showEvery = 250 * time.Millisecond
)

// report is where a language's session stands, and what it has done since it started.
type report struct {
	Phase    string
	LeftMs   int64
	Calls    int64
	Failed   int64
	Error    string // of the last failed call
	Degraded int64  // times that a refresh failed and nobody noticed
	Rejected int64  // sets that a service rejected
	Longest  int64  // ms, the longest that credentials were waited for after the first set
	// Sequence has a letter for each end of a flight: I installed, F failed.
	Sequence string
	Done     bool
}

// refreshes are the sets installed after the first.
func (r report) refreshes() int64 {
	return max(int64(strings.Count(r.Sequence, "I"))-1, 0)
}

// call takes note of a call, which had a set before it where installs is not 0.
func (r *report) call(l workers.Line) {
	if l.Before.Installs > 0 {
		r.Longest = max(r.Longest, l.WaitMs)
	}
	if l.Failed == "" {
		r.Calls++
	} else {
		r.Failed++
		r.Error = l.Failed
	}
	r.look(l.After)
}

// look notes the flights that have ended since the last look.
func (r *report) look(s workers.Status) {
	failed := max(0, int(s.Failures)-strings.Count(r.Sequence, "F"))
	installed := max(0, int(s.Installs)-strings.Count(r.Sequence, "I"))
	r.Sequence += strings.Repeat("F", failed) + strings.Repeat("I", installed)
	r.Degraded += int64(failed)
	r.Rejected, r.Phase, r.LeftMs = s.Rejections, s.Phase, s.RemainingMs
}

// follow runs the workers and shows what becomes of their calls until all have ended.
// It gives the last report of each.
func follow(ctx context.Context, s *scene, show *view) map[string]report {
	latest := map[string]report{}
	var lock sync.Mutex
	change := func(language string, by func(*report)) {
		lock.Lock()
		defer lock.Unlock()
		r := latest[language]
		by(&r)
		latest[language] = r
	}
	over := make(chan string)
	for _, language := range workers.Languages {
		w := &workers.Process{Language: language, Root: s.root, Server: s.standIn, Region: s.region,
			Call: func(l workers.Line) { change(language, func(r *report) { r.call(l) }) },
			Say: func(line string) {
				lock.Lock()
				defer lock.Unlock()
				show.note(language, line)
			}}
		go func() {
			last, err := s.play(ctx, w)
			change(language, func(r *report) {
				if r.Done = err == nil; r.Done {
					r.look(last)
					return
				}
				r.Failed++
				r.Error = err.Error()
			})
			over <- language
		}()
	}
	tick := time.NewTicker(showEvery)
	defer tick.Stop()
	for running := len(workers.Languages); running > 0; {
		ended := workers.Languages
		select {
		case language := <-over:
			ended = []string{language}
			running--
		case <-tick.C:
		}
		lock.Lock()
		for _, language := range ended {
			show.update(language, latest)
		}
		lock.Unlock()
	}
	return latest
}

// play has a worker make calls with one session for the length of the demo. It gives
// where the session stood at the end.
func (s *scene) play(ctx context.Context, w *workers.Process) (workers.Status, error) {
	source := workers.Source{Kind: "sts", Name: s.role(w.Language), SessionName: "demo-" + w.Language, Resend: true,
		Advisory: advisorySecond, Mandatory: mandatorySec}
	if s.standIn != nil {
		source.Endpoint = s.standIn.URL
	}
	var last workers.Line
	err := w.Start(ctx)
	do := func(o workers.Order) {
		if o.Session = 1; err == nil {
			last, err = w.Do(ctx, o)
		}
	}
	do(workers.Order{Do: "open", Source: source})
	do(workers.Order{Do: "keep", Pace: workers.Pace{Callers: callers, PauseMs: pauseMs, Look: true}})
	ends := time.Now().Add(s.length)
	for s.standIn == nil && time.Now().Add(forceEvery).Before(ends) && err == nil {
		time.Sleep(forceEvery)
		do(workers.Order{Do: "refresh"})
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(ends)):
	}
	do(workers.Order{Do: "close"})
	if err == nil {
		err = w.End()
	}
	return last.After, err
}
