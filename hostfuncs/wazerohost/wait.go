package wazerohost

import (
	"context"
	"errors"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/waits"
)

// ErrReentrant is why a source that asks its own session for credentials gets none:
// they are what it was called for. It is also where it asks another session whose
// source asks this one.
var ErrReentrant = errors.New("wazerohost: a source must not use the credentials of its own session")

// reply is a decision with what its caller needs of the session.
type reply struct {
	core.Decision
	creds      hostfuncs.Credentials
	wake       <-chan struct{} // nil: the flight has reported already; without a ticket, what is held has changed
	flight     *waits.Flight
	generation int
}

// ask is Credentials without a lease, or with a need. It waits as long as the session
// lets, and never past its context's deadline: an error then says more than the
// context's.
func (s *Session) ask(ctx context.Context, need core.Need) (hostfuncs.Credentials, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	need.Until = millis.Patience(ctx, s.rt.clock().Elapsed)
	return s.follow(ctx, need, nil)
}

// follow asks, or makes the call that forces a flight, and comes for the answer for as
// long as there is something to wait for: a flight, or the time when one may begin.
func (s *Session) follow(ctx context.Context, need core.Need, force func(*Machine, int32) (core.Decision, error)) (hostfuncs.Credentials, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	start := force
	if start == nil {
		start = func(m *Machine, handle int32) (core.Decision, error) { return m.Ask(handle, s.rt.clock(), need) }
	}
	call := start
	for {
		r, err := s.locked(call)
		switch {
		case err != nil:
			return hostfuncs.Credentials{}, err
		case r.Kind == core.Serve || r.Kind == core.ServeAndRefresh:
			return r.creds, nil
		}
		need.Until = r.Until
		if err := s.wait(ctx, r); err != nil {
			return hostfuncs.Credentials{}, err
		}
		call = func(m *Machine, handle int32) (core.Decision, error) {
			if r.Ticket == 0 || s.generation != r.generation { // or the machine of now does not know the flight
				return start(m, handle)
			}
			return m.Answer(handle, r.Ticket, s.rt.clock(), need, force != nil)
		}
	}
}

// locked makes a call and gives what the caller needs of it.
func (s *Session) locked(call func(*Machine, int32) (core.Decision, error)) (reply, error) {
	s.rt.mu.Lock()
	defer s.rt.mu.Unlock()
	d, err := s.rt.run(s, call)
	died := d.Kind == core.Wait && d.Ticket == 0 && d.Code == core.CodeAbandoned
	if err == nil && (d.Kind == core.Error || died) { // who died does so again: a fault to be told, not waited out
		err = s.failure(d)
	}
	r := reply{Decision: d, creds: s.sets[d.Set], generation: s.generation}
	if f := s.flights[d.Ticket]; f != nil {
		r.wake, r.flight = f.wake, f.waits
	} else if d.Ticket == 0 {
		r.wake = s.changed
	}
	return r, err
}

// wait returns when the reply's flight is settled, or what is held has changed, or the
// deadline has come.
func (s *Session) wait(ctx context.Context, r reply) error {
	if r.wake == nil {
		return ctx.Err()
	}
	end, ok := waits.Begin(ctx, r.flight)
	if !ok {
		return &Error{Code: core.CodeSource, Class: core.Permanent, Err: ErrReentrant}
	}
	defer end()
	timer := time.NewTimer(millis.Until(r.Deadline, s.rt.clock().Elapsed))
	defer timer.Stop()
	select {
	case <-r.wake:
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
