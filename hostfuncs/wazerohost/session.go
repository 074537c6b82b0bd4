package wazerohost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/evercreds/evercreds/abi"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
	"github.com/evercreds/evercreds/internal/millis"
)

// Option is one setting of a session: numbers as in docs/ABI.md, booleans 0 or 1.
type Option struct {
	Option core.Option
	Value  float64
}

// Session keeps the credentials of one source fresh. It is safe for concurrent
// use.
type Session struct {
	lease  atomic.Pointer[lease]
	rt     *Runtime
	source hostfuncs.Source

	method   core.Method
	attended bool // a refresh prompts a person

	// The rest is guarded by the Runtime's mutex.
	handle   int32
	epoch    int64
	sets     map[int64]hostfuncs.Credentials // by the ticket that brought them
	flights  map[int64]*flight               // until they have reported
	failures [8]failure
	oldest   int // the place in failures to be overwritten next
	snapshot []byte
	timer    *time.Timer
	closed   bool
	changed  chan struct{} // closed when the epoch rises

	generation int // how often the session was restored

	running sync.WaitGroup // flights
}

// lease is a set that may be handed out until either clock says otherwise.
type lease struct {
	creds   hostfuncs.Credentials
	elapsed int64
	wall    int64
}

// failure is what the host keeps of an attempt for those who get its error.
type failure struct {
	ticket int64
	err    error
}

// Format prints no field, whatever the verb: the sets are among them.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "wazerohost.Session") }

// open makes the session in the machine.
func (s *Session) open(options []Option) error {
	m := s.rt.machine
	handle, err := m.SessionNew()
	if err != nil {
		return err
	}
	s.handle = handle
	s.rt.handles[handle] = s
	if err = s.configure(m, options); err != nil {
		delete(s.rt.handles, handle)
		_ = m.SessionFree(handle)
		return err
	}
	s.rt.sessions[s] = true
	return nil
}

// meet asks the source what it is, without the mutex. It may be a nil pointer, or
// panic otherwise.
func (s *Session) meet() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("wazerohost: source must be a hostfuncs.Source whose Method and Attended return; one panicked with a %T", p)
		}
	}()
	s.method = s.source.Method()
	if a, ok := s.source.(interface{ Attended() bool }); ok {
		s.attended = a.Attended()
	}
	return nil
}

func (s *Session) configure(m *Machine, options []Option) error {
	options = append([]Option{{core.OptMethod, float64(s.method)}}, options...)
	if s.attended {
		options = append(options, Option{core.OptAttended, 1})
	}
	for _, o := range options {
		if err := m.SessionOption(s.handle, o.Option, o.Value); err != nil {
			return refused(err)
		}
	}
	d, err := m.SessionOpen(s.handle, s.rt.clock(), seed())
	if err != nil {
		return refused(err)
	}
	if s.snapshot, err = m.SessionSnapshot(s.handle); err != nil {
		return err
	}
	return s.take(d)
}

// refused makes the error that names the option.
func refused(err error) error {
	if r := Result(0); errors.As(err, &r) && r < abi.ErrOptionValue {
		return &core.OptionError{Option: core.Option(abi.ErrOptionValue - r)}
	}
	return err
}

func poisoned(err error) bool {
	return errors.Is(err, Result(abi.ErrPanic)) || errors.Is(err, Result(abi.ErrPoisoned))
}

// revive replaces a handle that a fault has poisoned.
func (s *Session) revive() error {
	delete(s.rt.handles, s.handle)
	if err := s.rt.machine.SessionFree(s.handle); err != nil {
		return err
	}
	return s.restore()
}

// restore goes on from the last snapshot. The machine knows the flights under
// way no more: their waiters ask again, and their reports are ignored.
func (s *Session) restore() error {
	s.abort()
	s.generation++
	s.rt.opening = s
	defer func() { s.rt.opening = nil }()
	handle, d, err := s.rt.machine.SessionRestore(s.snapshot, s.rt.clock(), seed())
	if err != nil {
		return err
	}
	s.handle = handle
	s.rt.handles[handle] = s
	return s.take(d)
}

// abort ends all flights and wakes all waiters.
func (s *Session) abort() {
	for _, f := range s.flights {
		f.cancel()
		f.settle()
	}
	clear(s.flights)
	s.lease.Store(nil)
	s.ring()
}

// take does what a decision asks of the host besides the flights, which the
// host functions start and cancel.
func (s *Session) take(d core.Decision) error {
	if d.Epoch != s.epoch || d.Settled != 0 {
		s.lease.Store(nil)
	}
	if d.Epoch != s.epoch {
		s.epoch = d.Epoch
		s.ring()
	}
	if f := s.flights[d.Settled]; f != nil {
		f.settle()
	}
	if d.Kind == core.Serve || d.Kind == core.ServeAndRefresh {
		s.lease.Store(&lease{s.sets[d.Set], d.LeaseElapsed, d.LeaseWall})
	}
	s.arm(d.NextWake)
	if d.Notes&core.NoteInstalled == 0 {
		return nil
	}
	var err error
	s.snapshot, err = s.rt.machine.SessionSnapshot(s.handle)
	return err
}

// ring wakes those who wait without a flight: they ask again.
func (s *Session) ring() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// arm has wake called at an instant of the elapsed clock.
func (s *Session) arm(at int64) {
	if s.timer != nil {
		s.timer.Stop()
	}
	if at >= core.Never || s.closed {
		return
	}
	s.timer = time.AfterFunc(millis.Until(at, s.rt.clock().Elapsed), func() {
		s.rt.mu.Lock()
		defer s.rt.mu.Unlock()
		_, _ = s.rt.run(s, func(m *Machine, handle int32) (core.Decision, error) {
			return m.Wake(handle, s.rt.clock())
		}) // the next caller meets the same error
	})
}

// closeGrace is how long Close waits for a source that does not heed its context.
const closeGrace = time.Second

// Close answers all waiters and ends the session. Flights under way are cancelled,
// and waited for, a second at most. The source is the caller's to close.
func (s *Session) Close() error {
	err := s.close()
	landed([]*Session{s})
	return err
}

// landed waits until the flights of sessions that are closed have ended.
func landed(sessions []*Session) {
	ended := make(chan struct{})
	go func() {
		for _, s := range sessions {
			s.running.Wait()
		}
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(closeGrace):
	}
}

func (s *Session) close() error {
	s.rt.mu.Lock()
	defer s.rt.mu.Unlock()
	if s.closed {
		return nil
	}
	_, err := s.rt.run(s, func(m *Machine, handle int32) (core.Decision, error) { return m.SessionClose(handle) })
	s.closed = true
	s.arm(core.Never)
	s.abort()
	clear(s.sets)
	s.snapshot = nil
	delete(s.rt.handles, s.handle)
	delete(s.rt.sessions, s)
	if err != nil {
		return err
	}
	return s.rt.machine.SessionFree(s.handle)
}

// Status tells one number of the session's state; see docs/ABI.md.
func (s *Session) Status(field core.Field) (int64, error) {
	s.rt.mu.Lock()
	defer s.rt.mu.Unlock()
	if s.closed {
		return 0, &Error{Code: core.CodeClosed}
	}
	var value int64
	err := s.rt.again(s, func() (err error) {
		value, err = s.rt.machine.SessionStatus(s.handle, field, s.rt.clock())
		return err
	})
	return value, err
}

// Invalidate gives this set up for all callers. What a service refused to one of them
// is that one's affair: see [Session.CredentialsOtherThan].
func (s *Session) Invalidate(creds hostfuncs.Credentials) error {
	s.rt.mu.Lock()
	defer s.rt.mu.Unlock()
	_, err := s.rt.run(s, func(m *Machine, handle int32) (core.Decision, error) {
		return m.Invalidate(handle, hostfuncs.Fingerprint(creds), s.rt.clock())
	})
	return err
}

// Credentials gives credentials for one use: from the lease for the price of a
// clock reading, else by asking the machine, and waiting for a flight where it
// says so. The end of ctx frees this caller alone. An error is an [*Error] where
// the machine refused, and of ctx or of this package otherwise.
func (s *Session) Credentials(ctx context.Context) (hostfuncs.Credentials, error) {
	if l, now := s.lease.Load(), s.rt.clock(); l != nil && now.Elapsed < l.elapsed && now.Wall < l.wall {
		return l.creds, nil
	}
	return s.ask(ctx, core.Need{})
}

// CredentialsFor is Credentials for a caller who needs them for at least minTTL: a set
// with less time left is replaced first. Fractions of a millisecond count as a whole.
func (s *Session) CredentialsFor(ctx context.Context, minTTL time.Duration) (hostfuncs.Credentials, error) {
	if minTTL < 0 {
		return hostfuncs.Credentials{}, &hostfuncs.ParameterError{Parameter: "minTTL", Expected: "must not be negative"}
	}
	return s.ask(ctx, core.Need{MinTTL: millis.Of(minTTL)})
}

// CredentialsOtherThan is Credentials for a caller to whom a service refused a set, and
// who is to sign once more with another one. How surely it was refused, core.EvidenceOf
// tells. Other callers go on with what is held. Where there is no other set to be had,
// the service's own error is what to show, and this error is why.
func (s *Session) CredentialsOtherThan(ctx context.Context, refused hostfuncs.Credentials, evidence core.Evidence) (hostfuncs.Credentials, error) {
	return s.ask(ctx, core.Need{Other: hostfuncs.Fingerprint(refused), Evidence: evidence})
}

// Refresh fetches new credentials now, or joins the flight under way, and gives what
// it brought. If it fails, this caller gets the error, and everybody else goes on.
func (s *Session) Refresh(ctx context.Context) (hostfuncs.Credentials, error) {
	return s.follow(ctx, core.Need{}, func(m *Machine, handle int32) (core.Decision, error) {
		return m.Force(handle, s.rt.clock())
	})
}
