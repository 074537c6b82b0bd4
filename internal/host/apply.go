package host

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/internal/waits"
)

// reply is a decision and all that its caller needs from this side. Everything is
// taken under one lock.
type reply struct {
	core.Decision
	now        core.Now
	granted    *Lease          // if the decision serves
	bell       <-chan struct{} // if it waits: what it sleeps on
	attempt    *waits.Attempt  // that it waits for
	failed     failed          // of an error
	generation int
}

// apply does what a decision asks of the host, whatever its kind. The lock is held.
func (h *Host) apply(d core.Decision, now core.Now) reply {
	r := reply{Decision: d, now: now, generation: h.generation}
	if d.Void != 0 {
		h.lease.Store(nil)
		ring(&h.pause)
	}
	if d.Settled != 0 {
		h.settle(d.Settled)
	}
	if f := h.flights[d.Cancelled]; f != nil {
		f.end()
	}
	if d.Started != 0 && !h.Hears {
		h.Start(d.Started, d.StartCause, millis.Until(d.StartDeadline, now.Elapsed))
	}
	switch d.Kind {
	case core.Serve, core.ServeAndRefresh:
		r.granted = h.grant(d)
	case core.RefreshInline, core.Refresh, core.Wait:
		if d.Ticket == 0 {
			r.bell = h.pause
			break
		}
		f := h.flightOf(d.Ticket)
		r.bell, r.attempt = f.bell, f.waits
	case core.Error:
		r.failed = h.failedWith(d.ErrorTicket)
	}
	if d.Share != core.ShareNone {
		h.callStore(d, now)
	}
	h.forget(d.Held)
	h.arm(d.NextWake, now)
	h.tellOf(d, now)
	return r
}

// settle wakes all who wait for a flight. One that is not in the air is over.
func (h *Host) settle(ticket int64) {
	h.visit = nil
	f := h.flights[ticket]
	if f == nil {
		return
	}
	ring(&f.bell)
	if f.cancel == nil {
		delete(h.flights, ticket)
	}
}

// ring wakes all who sleep on a bell, and hangs up a new one.
func ring(bell *chan struct{}) {
	close(*bell)
	*bell = make(chan struct{})
}

// grant makes the lease of a set. A lease that ends at once is good for this caller
// only: the next caller finds that it is over, and asks.
func (h *Host) grant(d core.Decision) *Lease {
	set := h.sets[d.Set]
	if set == nil {
		set = &sources.Credentials{} // no machine names one that it was not told of
	}
	l := &Lease{set: d.Set, generation: h.generation, elapsed: d.LeaseElapsed, wall: d.LeaseWall, Credentials: aws.Credentials{
		AccessKeyID:     set.AccessKeyID,
		SecretAccessKey: set.SecretAccessKey,
		SessionToken:    set.SessionToken,
		AccountID:       set.AccountID,
		Source:          "evercreds",
	}}
	if d.Flags&core.Endless == 0 {
		l.Credentials.CanExpire, l.Credentials.Expires = true, time.UnixMilli(d.Expiry)
	}
	h.lease.Store(l)
	return l
}

// forget drops the sets that are not held.
func (h *Host) forget(held int64) {
	for ticket := range h.sets {
		if ticket != held {
			delete(h.sets, ticket)
		}
	}
}

// arm sets the one timer to the instant at which the machine wants to be woken.
func (h *Host) arm(at int64, now core.Now) {
	if at == h.wakeAt {
		return
	}
	h.wakeAt = at
	switch d := millis.Until(at, now.Elapsed); {
	case at == core.Never:
		if h.timer != nil {
			h.timer.Stop()
		}
	case h.timer == nil:
		h.timer = time.AfterFunc(d, h.wake)
	default:
		h.timer.Reset(d)
	}
}

func (h *Host) wake() {
	h.letAnswersArrive()
	_, _ = h.put(func(now core.Now) (core.Decision, error) {
		h.wakeAt = core.Never // the timer has fired: arm it again, even for the same instant
		return h.Machine.Wake(now)
	}) // the next caller meets the same error
}
