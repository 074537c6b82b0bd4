//go:build go1.25

package hostexecutor

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
)

// source does what the scenario says. Its attempts go on until they are told to end,
// whatever becomes of their flights.
type source struct {
	play     *play
	method   core.Method
	attended bool

	mu       sync.Mutex
	attempts []chan step
	released bool
	brought  map[int]evercreds.Result
}

// step is what an attempt does next; ended tells that it returns what it gave.
type step func(ctx context.Context, f *evercreds.Flight, n int) (result evercreds.Result, err error, ended bool)

func (s *source) Method() core.Method { return s.method }
func (s *source) Attended() bool      { return s.attended }

// Fetch is one attempt.
func (s *source) Fetch(ctx context.Context, f *evercreds.Flight) (evercreds.Result, error) {
	steps := make(chan step, 100)
	s.mu.Lock()
	s.attempts = append(s.attempts, steps)
	n := len(s.attempts)
	if s.released {
		close(steps)
	}
	s.mu.Unlock()
	s.play.say("called %d", n)
	for cancelled := ctx.Done(); ; {
		select {
		case <-cancelled:
			s.play.say("cancelled %d", n)
			cancelled = nil
		case next, ok := <-steps:
			if !ok {
				return evercreds.Result{}, context.Canceled
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
	s.released = true
	for _, steps := range s.attempts {
		close(steps)
	}
}

// step reads what an attempt is to do.
func (p *play) step(word string, args map[string]string) step {
	switch word {
	case "answer":
		return func(_ context.Context, _ *evercreds.Flight, n int) (evercreds.Result, error, bool) {
			return p.source.bring(n, args, p.now().Wall), nil, true
		}
	case "fail":
		failure := &evercreds.SourceError{Class: evercreds.Class(number(args["class"])), Reason: evercreds.CodeSource, RetryAfter: time.Duration(number(args["retry_after"])) * time.Millisecond}
		if args["malformed"] == "1" {
			failure.Reason = evercreds.CodeMalformed
		}
		return func(context.Context, *evercreds.Flight, int) (evercreds.Result, error, bool) {
			return evercreds.Result{}, failure, true
		}
	case "die":
		return func(context.Context, *evercreds.Flight, int) (evercreds.Result, error, bool) {
			runtime.Goexit()
			return evercreds.Result{}, nil, true
		}
	case "prompted":
		return func(_ context.Context, f *evercreds.Flight, _ int) (evercreds.Result, error, bool) {
			f.Prompted()
			return evercreds.Result{}, nil, false
		}
	case "reenter":
		minTTL := time.Duration(number(args["min_ttl"])) * time.Millisecond
		return func(ctx context.Context, _ *evercreds.Flight, n int) (evercreds.Result, error, bool) {
			creds, err := p.session.ask(ctx, minTTL, nil, core.EvidenceNone)
			if failed := (*evercreds.Error)(nil); errors.As(err, &failed) {
				p.say("refused %d %s", n, reason(failed))
			} else {
				p.say("%s", p.outcome("source", creds, err))
			}
			return evercreds.Result{}, nil, false
		}
	}
	return nil
}

// bring makes the set of a flight.
func (s *source) bring(n int, args map[string]string, wall int64) evercreds.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	if same, ok := s.brought[int(number(args["same"]))]; ok {
		s.brought[n] = same
		return same
	}
	k := keys(strconv.Itoa(n))
	r := evercreds.Result{
		Credentials: evercreds.Credentials{AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, SessionToken: k.SessionToken},
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
		s.brought = map[int]evercreds.Result{}
	}
	s.brought[n] = r
	return r
}
