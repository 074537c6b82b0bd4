package wazerohost

import (
	"context"
	"errors"
	"fmt"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
	"github.com/evercreds/evercreds/internal/foreign"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/waits"
)

// flight is one attempt under way, until it has reported.
type flight struct {
	cancel context.CancelFunc
	wake   chan struct{} // closed when its waiters are to come for the answer
	waits  *waits.Flight // for other flights, where its source asks sessions
}

// settle wakes the waiters. The attempt may go on, and have waiters again: a
// late answer of the one before it may have settled it.
func (f *flight) settle() {
	close(f.wake)
	f.wake = make(chan struct{})
}

// begin starts a flight; it returns at once, as host functions must.
func (s *Session) begin(ticket int64, cause core.Cause) {
	ctx, w := waits.New(context.Background())
	ctx, cancel := context.WithCancel(ctx)
	s.flights[ticket] = &flight{cancel: cancel, wake: make(chan struct{}), waits: w}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer cancel()
		s.fly(ctx, &hostfuncs.Flight{Ticket: ticket, Cause: cause, Prompted: func() {
			s.rt.mu.Lock()
			defer s.rt.mu.Unlock()
			_ = s.report(func(m *Machine, handle int32) (core.Decision, error) {
				return m.Prompted(handle, ticket, s.rt.clock())
			})
		}})
	}()
}

// outcome is what a flight brought, in the machine's terms.
type outcome struct {
	result hostfuncs.Result
	err    error      // why there is no result
	class  core.Class // core.ClassNone: the source died without an answer
	reason core.Code
	pause  int64 // milliseconds that the source asked for
}

var errAbandoned = errors.New("wazerohost: the source died without an answer")

// fly calls the source and reports exactly once, whatever the source does. Its errors
// are code of its own too: a panic in either becomes an error, which names only the
// panic's type, since the value may hold anything.
func (s *Session) fly(ctx context.Context, f *hostfuncs.Flight) {
	o := outcome{err: errAbandoned} // by runtime.Goexit
	defer func() {
		if p := recover(); p != nil {
			o = outcome{err: fmt.Errorf("%w: it panicked with a %T", errAbandoned, p)}
		}
		s.land(f, o)
	}()
	o = s.judge(s.source.Fetch(ctx, f))
}

// land reports the end of a flight.
func (s *Session) land(f *hostfuncs.Flight, o outcome) {
	s.rt.mu.Lock()
	defer s.rt.mu.Unlock()
	s.store(f.Ticket, o)
	s.tell(f.Ticket, o)
	delete(s.flights, f.Ticket)
	s.prune()
}

// tell reports a flight's end to the machine. A report that is refused is made as one
// that says less; should even a new instance fail at that, the waiters are woken, and
// meet the same error.
func (s *Session) tell(ticket int64, o outcome) {
	err := s.report(func(m *Machine, handle int32) (core.Decision, error) {
		now := s.rt.clock()
		switch {
		case o.err != nil && o.class == core.ClassNone:
			return m.Abandon(handle, ticket, now)
		case o.err != nil:
			return m.Fail(handle, ticket, now, o.class, o.reason, o.pause)
		}
		return m.Complete(handle, ticket, now, facts(o.result))
	})
	if err == nil {
		return
	}
	err = s.report(func(m *Machine, handle int32) (core.Decision, error) { return m.Abandon(handle, ticket, s.rt.clock()) })
	if f := s.flights[ticket]; err != nil && f != nil {
		f.settle()
	}
}

// judge sorts what a source returned.
func (s *Session) judge(result hostfuncs.Result, err error) outcome {
	if err == nil {
		err = result.Check(s.method)
	}
	if err != nil {
		return sort(err)
	}
	return outcome{result: result}
}

// store keeps what a flight brought, ahead of its report: it may be served at
// once.
func (s *Session) store(ticket int64, o outcome) {
	if o.err == nil {
		s.sets[ticket] = o.result.Credentials
		return
	}
	s.failures[s.oldest] = failure{ticket, o.err}
	s.oldest = (s.oldest + 1) % len(s.failures)
}

// report tells the machine of a flight.
func (s *Session) report(call func(*Machine, int32) (core.Decision, error)) error {
	_, err := s.rt.run(s, call)
	return err
}

// prune drops the sets that nobody can be served any more.
func (s *Session) prune() {
	held := int64(0)
	if !s.closed {
		var err error
		if held, err = s.rt.machine.SessionStatus(s.handle, core.StatusSet, s.rt.clock()); err != nil {
			return // after the next flight, then
		}
	}
	for ticket := range s.sets {
		if ticket != held {
			delete(s.sets, ticket)
		}
	}
}

func facts(r hostfuncs.Result) core.Facts {
	f := core.Facts{
		Expiry: r.ExpiryMilli(), Fingerprint: hostfuncs.Fingerprint(r.Credentials),
		Duration: max(0, r.Duration.Milliseconds()),
	}
	if !r.ServerTime.IsZero() {
		f.ServerTime = max(0, millis.At(r.ServerTime))
	}
	return f
}

// sort tells what the machine needs to know of an error. It takes no other classes
// and reasons than these.
func sort(err error) outcome {
	o := outcome{err: foreign.Guard(err), class: core.Recoverable, reason: core.CodeSource}
	if e := (*hostfuncs.Error)(nil); errors.As(o.err, &e) {
		o.pause = max(0, millis.Of(e.RetryAfter))
		if e.Class == core.Permanent || e.Class == core.Throttled {
			o.class = e.Class
		}
		if e.Reason == core.CodeMalformed {
			o.reason = e.Reason
		}
	}
	if errors.Is(o.err, ErrReentrant) {
		o.class = core.Permanent // it will ask itself again
	}
	return o
}
