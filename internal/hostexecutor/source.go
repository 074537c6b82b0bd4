//go:build go1.25

package hostexecutor

import (
	"context"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

// source does what the scenario says. Its attempts go on until they are told to end,
// whatever becomes of their flights.
type source struct {
	play     *play
	method   core.Method
	attended bool

	mu       sync.Mutex
	attempts []chan step
	brought  map[int]sources.Result
}

// step is what an attempt does next; ended tells that it returns what it gave.
type step func(ctx context.Context, f *sources.Flight, n int) (result sources.Result, err error, ended bool)

func (s *source) Method() core.Method { return s.method }
func (s *source) Attended() bool      { return s.attended }

// Fetch is one attempt.
func (s *source) Fetch(ctx context.Context, f *sources.Flight) (sources.Result, error) {
	steps := make(chan step, 100)
	s.mu.Lock()
	s.attempts = append(s.attempts, steps)
	n := len(s.attempts)
	s.mu.Unlock()
	s.play.say("called %d", n)
	for cancelled := ctx.Done(); ; {
		select {
		case <-cancelled:
			s.play.say("cancelled %d", n)
			cancelled = nil
		case next, ok := <-steps:
			if !ok {
				return sources.Result{}, context.Canceled
			}
			if result, err, ended := next(ctx, f, n); ended {
				return result, err
			}
		}
	}
}

func (s *source) tell(n int, next step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n < 1 || n > len(s.attempts) || next == nil {
		s.play.say("there is no attempt %d, or no such event", n)
		return
	}
	s.attempts[n-1] <- next
}

// release ends all attempts, and those that begin later.
func (s *source) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, steps := range s.attempts {
		close(steps)
	}
}

// step reads what an attempt is to do.
func (p *play) step(word string, args map[string]string) step {
	switch word {
	case "answer":
		return func(_ context.Context, _ *sources.Flight, n int) (sources.Result, error, bool) {
			return p.source.bring(n, args, p.now().Wall), nil, true
		}
	case "fail":
		failure := &sources.Error{Class: core.Class(number(args["class"])), Reason: core.CodeSource, RetryAfter: time.Duration(number(args["retry_after"])) * time.Millisecond}
		if args["malformed"] == "1" {
			failure.Reason = core.CodeMalformed
		}
		return func(context.Context, *sources.Flight, int) (sources.Result, error, bool) {
			return sources.Result{}, failure, true
		}
	case "die":
		return func(context.Context, *sources.Flight, int) (sources.Result, error, bool) {
			runtime.Goexit()
			return sources.Result{}, nil, true
		}
	case "prompted":
		return func(_ context.Context, f *sources.Flight, _ int) (sources.Result, error, bool) {
			f.Prompted()
			return sources.Result{}, nil, false
		}
	case "reenter":
		minTTL := time.Duration(number(args["min_ttl"])) * time.Millisecond
		return func(ctx context.Context, _ *sources.Flight, n int) (sources.Result, error, bool) {
			creds, err := p.session.Ask(ctx, minTTL, nil, core.EvidenceNone)
			if f, ok := p.host.Failure(err); ok {
				p.say("refused %d %s", n, host.Reason(f.Code).Name)
			} else {
				p.say("%s", p.outcome("source", creds, err))
			}
			return sources.Result{}, nil, false
		}
	}
	return nil
}

// bring makes the set of a flight.
func (s *source) bring(n int, args map[string]string, wall int64) sources.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	if same, ok := s.brought[int(number(args["same"]))]; ok {
		s.brought[n] = same
		return same
	}
	k := keys(strconv.Itoa(n))
	r := sources.Result{
		Credentials: sources.Credentials{AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, SessionToken: k.SessionToken},
		Duration:    time.Duration(number(args["duration"])) * time.Millisecond,
	}
	server, dated := args["server"]
	wall += number(server)
	if dated {
		r.ServerTime = time.UnixMilli(wall)
	}
	if args["endless"] == "1" {
		r.NoExpiry = true
	} else {
		r.Expires = time.UnixMilli(wall + number(args["life"]))
	}
	if s.brought == nil {
		s.brought = map[int]sources.Result{}
	}
	s.brought[n] = r
	return r
}
