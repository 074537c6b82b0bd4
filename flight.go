package evercreds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
)

// flight is one attempt of the source, from its start until it has reported,
// which may be long after it was given up.
type flight struct {
	ticket  int64
	cause   core.Cause
	settled chan struct{}
	landed  bool // it has reported
	ctx     context.Context
	cancel  context.CancelFunc
}

// flightKey is under what a flight's context knows its session.
type flightKey struct{ *Session }

// start runs the flight that a decision started, in a goroutine of its own: its
// life is not that of the caller who came first.
func (s *Session) start(r *reply) {
	f := &flight{ticket: r.Started, cause: r.StartCause, settled: make(chan struct{})}
	ctx := context.WithValue(context.Background(), flightKey{s}, f)
	if s.attended() {
		// the answer of a person moves the deadline, which no context can do:
		// the machine cancels
		f.ctx, f.cancel = context.WithCancel(ctx)
	} else {
		// its timer and the machine's are due in the same instant; the machine
		// times the flight out before it hears of a failure, so both orders give
		// the same outcome
		f.ctx, f.cancel = context.WithTimeout(ctx, time.Duration(r.StartDeadline-r.now.Elapsed)*time.Millisecond)
	}
	s.flights[f.ticket] = f
	s.running.Add(1)
	go s.run(f)
}

func (s *Session) attended() bool {
	a, ok := s.source.(interface{ Attended() bool })
	return ok && a.Attended()
}

// run calls the source and reports once, whatever the source does.
func (s *Session) run(f *flight) {
	defer s.running.Done()
	defer f.cancel()
	result, err := hostfuncs.Result{}, errAbandoned
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: it panicked with a %T", errAbandoned, p)
		}
		s.land(f, result, err)
	}()
	result, err = s.source.Fetch(f.ctx, &hostfuncs.Flight{
		Ticket: f.ticket, Cause: f.cause,
		Prompted: func() {
			_, _ = s.event(func(now core.Now) (core.Decision, error) { return s.machine.Prompted(f.ticket, now), nil })
		},
	})
}

// errAbandoned is what remains where the source neither returned nor panicked
// (runtime.Goexit).
var errAbandoned = errors.New("the source died without an answer")

// land reports the end of a flight.
func (s *Session) land(f *flight, result hostfuncs.Result, err error) {
	_, _ = s.event(func(now core.Now) (core.Decision, error) {
		f.landed = true
		if err != nil {
			s.keepFailure(f.ticket, err)
			return s.fail(f.ticket, now, err), nil
		}
		s.sets[f.ticket] = result.Credentials
		defer s.prune(now)
		return s.machine.Complete(f.ticket, now, facts(result)), nil
	})
}

func (s *Session) fail(ticket int64, now core.Now, err error) core.Decision {
	if errors.Is(err, errAbandoned) {
		return s.machine.Abandon(ticket, now)
	}
	class, reason, pause := core.Recoverable, core.CodeSource, time.Duration(0)
	if e := (*hostfuncs.Error)(nil); errors.As(err, &e) {
		class, reason, pause = e.Class, e.Reason, e.RetryAfter
	}
	return s.machine.Fail(ticket, now, class, reason, roundUp(pause))
}

// facts are what the machine learns of a result: no secret.
func facts(r hostfuncs.Result) core.Facts {
	f := core.Facts{
		Expiry:      r.Expires.UnixMilli(),
		Fingerprint: hostfuncs.Fingerprint(r.Credentials),
		Duration:    int64(r.Duration / time.Millisecond),
	}
	if r.NoExpiry {
		f.Expiry = core.Never
	}
	if !r.ServerTime.IsZero() {
		f.ServerTime = r.ServerTime.UnixMilli()
	}
	return f
}
