package host

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/internal/waits"
)

// NeedOf is the need of a caller that asks for credentials with a least time to live.
// A fraction of a millisecond counts as a whole one.
func NeedOf(minTTL time.Duration) (core.Need, error) {
	if minTTL < 0 || minTTL > millis.Duration(core.MaxMinTTL) {
		return core.Need{}, &sources.ParameterError{
			Parameter: "MinTTL",
			Expected:  "must be from 0 to 36 hours: no credentials last longer; got " + minTTL.String(),
		}
	}
	return core.Need{MinTTL: millis.Of(minTTL)}, nil
}

// Credentials gives credentials to a caller without a valid lease, or with a need of
// its own. The caller waits as long as max_wait allows, and never past its context's
// deadline: the session's error says more than the context's.
func (h *Host) Credentials(ctx context.Context, need core.Need) (aws.Credentials, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	need.Until = millis.Patience(ctx, h.Clock().Elapsed)
	return h.follow(ctx, need, false)
}

// Refresh starts a refresh now, past every hold-off, or joins the one under way, and
// returns the credentials that it brought.
func (h *Host) Refresh(ctx context.Context) (aws.Credentials, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	return h.follow(ctx, core.Need{}, true)
}

// follow asks, does what the decisions tell its caller, and waits if they say so.
func (h *Host) follow(ctx context.Context, need core.Need, forced bool) (aws.Credentials, error) {
	if waits.Within(ctx, &h.owner) {
		return aws.Credentials{}, h.Refuse(reentrant)
	}
	begin := func(now core.Now) (core.Decision, error) {
		if forced {
			return h.Machine.Force(now)
		}
		return h.Machine.Ask(now, need)
	}
	r, err := h.putFor(ctx, begin)
	for {
		switch {
		case err != nil:
			return aws.Credentials{}, err
		case r.granted != nil:
			return r.granted.Credentials, nil
		case r.Kind == core.Error:
			return aws.Credentials{}, h.Refuse(h.worded(r.failure(), r.failed.said))
		}
		need.Until = r.Until
		end, ok := waits.Begin(ctx, r.attempt)
		if !ok {
			return aws.Credentials{}, h.Refuse(reentrant)
		}
		woken := sleep(ctx, r)
		end()
		if !woken {
			return h.leave(ctx, need, forced)
		}
		r, err = h.heard(ctx, r, need, forced, begin)
	}
}

// heard gives the outcome to a caller that has waited. It begins anew if the caller waited
// for no flight, or if the machine was restored, also in this very call, and does not know
// the flight.
func (h *Host) heard(ctx context.Context, r reply, need core.Need, forced bool, begin func(core.Now) (core.Decision, error)) (
	reply, error,
) {
	if l := h.brought(r, need, forced); l != nil {
		return reply{granted: l}, nil
	}
	h.Lock.Lock()
	defer h.Lock.Unlock()
	if l := h.brought(r, need, forced); l != nil { // another has asked meanwhile
		return reply{granted: l}, nil
	}
	if r.Ticket == 0 || r.generation != h.generation {
		return h.stepFor(ctx, begin)
	}
	next, err := h.stepFor(ctx, func(now core.Now) (core.Decision, error) {
		return h.Machine.Answer(r.Ticket, now, need, forced)
	})
	if err == nil && next.generation != r.generation {
		return h.stepFor(ctx, begin)
	}
	return next, err
}

// brought is what a caller's flight has brought, for a caller that takes any set, while
// there is a valid lease of it: the machine would serve the same. So a thousand callers
// who wake at once do not queue for the lock. Nil: the machine is to be asked.
func (h *Host) brought(r reply, need core.Need, forced bool) *Lease {
	if forced || need.MinTTL != 0 || need.Evidence != core.EvidenceNone {
		return nil
	}
	if l := h.Leased(); l != nil && l.set == r.Ticket && l.generation == r.generation {
		return l
	}
	return nil
}

// sleep returns true when the bell has rung or the deadline has come, and false if the
// caller gives up before.
func sleep(ctx context.Context, r reply) (woken bool) {
	var deadline <-chan time.Time
	if r.Deadline != core.Never {
		timer := time.NewTimer(millis.Until(r.Deadline, r.now.Elapsed))
		defer timer.Stop()
		deadline = timer.C
	}
	select {
	case <-r.bell:
	case <-deadline:
	case <-ctx.Done():
		return false
	}
	return true
}

// leave frees a caller that stops waiting. A caller of Refresh wants only what that
// brings. Any other is served if the held set is good for it without the attempt.
func (h *Host) leave(ctx context.Context, need core.Need, forced bool) (aws.Credentials, error) {
	if !forced {
		r, err := h.putFor(ctx, func(now core.Now) (core.Decision, error) { return h.Machine.Leave(now, need) })
		if err == nil && r.granted != nil {
			return r.granted.Credentials, nil
		}
	}
	return aws.Credentials{}, &aws.RequestCanceledError{Err: ctx.Err()}
}
