package evercreds

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/waits"
)

// reply is a decision together with what belongs to it on this side: all of it
// taken under one lock.
type reply struct {
	core.Decision
	now    core.Now
	lease  *lease // where the decision serves a set
	cause  error  // of an Error decision
	failed *Error // to be noted: why a flight brought nothing
	wait   <-chan struct{}
	flight *waits.Flight // that is waited for
}

// event puts one event to the machine and does what it answers, under the lock. No
// code of the user's runs there.
func (s *Session) event(put func(core.Now) (core.Decision, error)) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	d, err := put(now)
	r := reply{Decision: d, now: now}
	if err == nil {
		s.apply(&r)
	}
	return r, err
}

// apply does what a decision asks for, whatever its kind.
func (s *Session) apply(r *reply) {
	if r.Epoch != s.epoch || r.Settled != 0 || r.Code == core.CodeClosed {
		s.lease.Store(nil)
		if r.Epoch != s.epoch || r.Code == core.CodeClosed {
			close(s.changed)
			s.changed = make(chan struct{})
		}
		s.epoch = r.Epoch
	}
	if f := s.flights[r.Settled]; f != nil {
		close(f.settled)
		f.settled = make(chan struct{}) // some waiters may have to wait on
	}
	if f := s.flights[r.Cancelled]; f != nil {
		f.cancel()
	}
	if r.Started != 0 {
		s.start(r)
	}
	s.arm(r)
	switch r.Kind {
	case core.Serve, core.ServeAndRefresh, core.RefreshInline:
		s.serve(r)
	case core.Error, core.Wait: // without a ticket, a Wait has the error that is waited out
		r.cause = s.failureOf(r.ErrorTicket)
	}
	if r.Notes&(core.NoteFailed|core.NoteFailedQuietly) != 0 {
		r.failed = s.lastError(r.now)
	}
	if f := s.flights[r.Ticket]; f != nil {
		r.wait, r.flight = f.settled, f.waits
	} else if r.Ticket == 0 {
		r.wait = s.changed
	}
	for ticket, f := range s.flights {
		if f.landed {
			delete(s.flights, ticket)
		}
	}
	s.tell(r)
	s.note(r)
}

// serve makes the lease of a set. One that ends at once is good for this caller
// only: the next one finds it over, and asks.
func (s *Session) serve(r *reply) {
	set := s.sets[r.Set]
	creds := aws.Credentials{
		AccessKeyID:     set.AccessKeyID,
		SecretAccessKey: set.SecretAccessKey,
		SessionToken:    set.SessionToken,
		AccountID:       set.AccountID,
		Source:          "evercreds",
	}
	if r.Flags&core.Endless == 0 {
		creds.CanExpire, creds.Expires = true, time.UnixMilli(r.Expiry)
	}
	r.lease = &lease{creds: creds, set: r.Set, untilElapsed: r.LeaseElapsed, untilWall: r.LeaseWall}
	s.lease.Store(r.lease)
}

// arm sets the one timer to the instant at which the machine wants to be woken.
func (s *Session) arm(r *reply) {
	if r.NextWake == s.wakeAt {
		return
	}
	s.wakeAt = r.NextWake
	if r.NextWake == core.Never {
		if s.timer != nil {
			s.timer.Stop()
		}
		return
	}
	d := millis.Until(r.NextWake, r.now.Elapsed)
	if s.timer == nil {
		s.timer = time.AfterFunc(d, s.wake)
		return
	}
	s.timer.Reset(d)
}

func (s *Session) wake() {
	_, _ = s.event(func(now core.Now) (core.Decision, error) {
		s.wakeAt = core.Never // the timer has fired: arm it anew, for the same instant too
		return s.machine.Wake(now), nil
	})
}

// failuresKept is more than the outcomes that the machine remembers.
const failuresKept = 16

func (s *Session) keepFailure(ticket int64, err error) {
	if len(s.failures) == failuresKept {
		s.failures = append(s.failures[:0], s.failures[1:]...)
	}
	s.failures = append(s.failures, failure{ticket, err})
}

func (s *Session) failureOf(ticket int64) error {
	for _, f := range s.failures {
		if f.ticket == ticket && ticket != 0 {
			return f.err
		}
	}
	return nil
}

// prune forgets the sets that nobody can be handed any more.
func (s *Session) prune(now core.Now) {
	held := s.machine.Status(core.StatusSet, now)
	for ticket := range s.sets {
		if ticket != held {
			delete(s.sets, ticket)
		}
	}
}
