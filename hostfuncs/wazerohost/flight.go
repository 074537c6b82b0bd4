package wazerohost

import (
	"context"
	"errors"
	"fmt"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
)

// flight is one attempt under way, until it has reported.
type flight struct {
	cancel context.CancelFunc
	wake   chan struct{} // closed when its waiters are to come for the answer
}

// settle wakes the waiters. The attempt may go on, and have waiters again: a
// late answer of the one before it may have settled it.
func (f *flight) settle() {
	close(f.wake)
	f.wake = make(chan struct{})
}

// begin starts a flight; it returns at once, as host functions must.
func (s *Session) begin(ticket int64, cause core.Cause) {
	ctx, cancel := context.WithCancel(context.Background())
	s.flights[ticket] = &flight{cancel: cancel, wake: make(chan struct{})}
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		defer cancel()
		s.fly(ctx, &hostfuncs.Flight{Ticket: ticket, Cause: cause, Prompted: func() {
			s.rt.mu.Lock()
			defer s.rt.mu.Unlock()
			s.report(func(m *Machine, handle int32) (core.Decision, error) {
				return m.Prompted(handle, ticket, s.rt.clock())
			})
		}})
	}()
}

// fly runs a flight and reports it exactly once.
func (s *Session) fly(ctx context.Context, f *hostfuncs.Flight) {
	result, err := s.fetch(ctx, f)
	s.rt.mu.Lock()
	defer s.rt.mu.Unlock()
	s.store(f.Ticket, result, err)
	s.report(func(m *Machine, handle int32) (core.Decision, error) {
		now := s.rt.clock()
		switch {
		case errors.Is(err, errPanicked):
			return m.Abandon(handle, f.Ticket, now)
		case err != nil:
			class, reason, pause := sort(err)
			return m.Fail(handle, f.Ticket, now, class, reason, pause)
		}
		return m.Complete(handle, f.Ticket, now, facts(result))
	})
	delete(s.flights, f.Ticket)
	s.prune()
}

var errPanicked = errors.New("wazerohost: the source panicked")

// fetch makes an error of a panic, which names only its type: the value may
// hold anything.
func (s *Session) fetch(ctx context.Context, f *hostfuncs.Flight) (result hostfuncs.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w with a %T", errPanicked, p)
		}
	}()
	return s.source.Fetch(ctx, f)
}

// store keeps what a flight brought, ahead of its report: it may be served at
// once.
func (s *Session) store(ticket int64, result hostfuncs.Result, err error) {
	if err == nil {
		s.sets[ticket] = result.Credentials
		return
	}
	s.failures[s.oldest] = failure{ticket, err}
	s.oldest = (s.oldest + 1) % len(s.failures)
}

// report tells the machine of a flight. Should even a new instance fail at it,
// the waiters meet the same error, at the flight's deadline at the latest.
func (s *Session) report(call func(*Machine, int32) (core.Decision, error)) { _, _ = s.rt.run(s, call) }

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
		Expiry: r.Expires.UnixMilli(), Fingerprint: hostfuncs.Fingerprint(r.Credentials),
		Duration: r.Duration.Milliseconds(),
	}
	if r.NoExpiry {
		f.Expiry = core.Never
	}
	if !r.ServerTime.IsZero() {
		f.ServerTime = max(0, r.ServerTime.UnixMilli())
	}
	return f
}

// sort tells what the machine needs to know of an error.
func sort(err error) (core.Class, core.Code, int64) {
	var e *hostfuncs.Error
	if !errors.As(err, &e) || e.Class == core.ClassNone {
		return core.Recoverable, core.CodeSource, 0
	}
	return e.Class, e.Reason, max(0, e.RetryAfter.Milliseconds())
}
