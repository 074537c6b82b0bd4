package evercreds

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
	"github.com/evercreds/evercreds/internal/foreign"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/waits"
)

// flight is one attempt of the source, from its start until it has reported,
// which may be long after it was given up.
type flight struct {
	ticket  int64
	cause   core.Cause
	settled chan struct{}
	landed  bool          // it has reported
	waits   *waits.Flight // for other flights, where its source asks sessions
	ctx     context.Context
	cancel  context.CancelFunc
}

// start runs the flight that a decision started, in a goroutine of its own: its
// life is not that of the caller who came first.
func (s *Session) start(r *reply) {
	f := &flight{ticket: r.Started, cause: r.StartCause, settled: make(chan struct{})}
	ctx, w := waits.New(context.Background())
	f.waits = w
	if s.attended {
		// the answer of a person moves the deadline, which no context can do:
		// the machine cancels
		f.ctx, f.cancel = context.WithCancel(ctx)
	} else {
		// its timer and the machine's are due in the same instant; the machine
		// times the flight out before it hears of a failure, so both orders give
		// the same outcome
		f.ctx, f.cancel = context.WithTimeout(ctx, millis.Until(r.StartDeadline, r.now.Elapsed))
	}
	s.flights[f.ticket] = f
	s.running.Add(1)
	go s.run(f)
}

// outcome is what a flight brought, in the machine's terms.
type outcome struct {
	result hostfuncs.Result
	err    error      // why there is no result
	class  core.Class // core.ClassNone: the source died without an answer
	reason core.Code
	pause  int64 // milliseconds that the source asked for
}

// run calls the source and reports once, whatever the source does.
func (s *Session) run(f *flight) {
	defer s.running.Done()
	defer f.cancel()
	o := outcome{err: errAbandoned}
	defer func() {
		if p := recover(); p != nil {
			o = outcome{err: fmt.Errorf("%w: it panicked with a %T", errAbandoned, p)}
		}
		s.land(f, o)
	}()
	o = s.judge(s.source.Fetch(f.ctx, &hostfuncs.Flight{
		Ticket: f.ticket, Cause: f.cause,
		Prompted: func() {
			_, _ = s.event(func(now core.Now) (core.Decision, error) { return s.machine.Prompted(f.ticket, now), nil })
		},
	}))
}

// errAbandoned is what remains where the source neither returned nor panicked
// (runtime.Goexit).
var errAbandoned = errors.New("the source died without an answer")

// judge sorts what a source returned. It runs without the lock and where a panic
// is caught, because errors are code of the source's too: a nil pointer in an
// error panics in its methods. Later on nothing of the source's runs any more.
func (s *Session) judge(result hostfuncs.Result, err error) outcome {
	if err == nil {
		err = result.Check(s.method)
	}
	if err == nil {
		return outcome{result: result}
	}
	o := outcome{err: foreign.Guard(err), class: core.Recoverable, reason: core.CodeSource}
	if e := (*hostfuncs.Error)(nil); errors.As(o.err, &e) {
		o.reason, o.pause = e.Reason, max(0, millis.Of(e.RetryAfter))
		if e.Class != core.ClassNone {
			o.class = e.Class
		}
	}
	if errors.Is(o.err, ErrReentrant) {
		o.class = core.Permanent // it will ask itself again
	}
	return o
}

// land reports the end of a flight.
func (s *Session) land(f *flight, o outcome) {
	_, _ = s.event(func(now core.Now) (core.Decision, error) {
		f.landed = true
		if o.err != nil {
			s.keepFailure(f.ticket, o.err)
			if o.class == core.ClassNone {
				return s.machine.Abandon(f.ticket, now), nil
			}
			return s.machine.Fail(f.ticket, now, o.class, o.reason, o.pause), nil
		}
		s.sets[f.ticket] = o.result.Credentials
		defer s.prune(now)
		return s.machine.Complete(f.ticket, now, facts(o.result)), nil
	})
}

// facts are what the machine learns of a result: no secret.
func facts(r hostfuncs.Result) core.Facts {
	f := core.Facts{
		Expiry:      r.ExpiryMilli(),
		Fingerprint: hostfuncs.Fingerprint(r.Credentials),
		Duration:    max(0, int64(r.Duration/time.Millisecond)),
	}
	if !r.ServerTime.IsZero() {
		f.ServerTime = max(0, millis.At(r.ServerTime))
	}
	return f
}
