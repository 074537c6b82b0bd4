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

// NeedOf is what a caller needs who asks for credentials with a least time to live.
// Fractions of a millisecond count as a whole.
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
// its own. It waits as long as the session lets, and never past its context's deadline:
// an error then says more than the context's.
func (h *Host) Credentials(ctx context.Context, need core.Need) (aws.Credentials, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	need.Until = millis.Patience(ctx, h.Clock().Elapsed)
	return h.follow(ctx, need, false)
}

// Refresh makes a refresh now, past every hold-off, or joins the one under way, and
// gives what it brought.
func (h *Host) Refresh(ctx context.Context) (aws.Credentials, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	return h.follow(ctx, core.Need{}, true)
}

// follow asks, does what the decisions tell its caller, and waits where they say so.
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
	r, err := h.put(begin)
	for {
		switch {
		case err != nil:
			return aws.Credentials{}, err
		case r.granted != nil:
			return r.granted.Credentials, nil
		case r.Kind == core.Error:
			return aws.Credentials{}, h.Refuse(r.failure())
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
		r, err = h.heard(r, need, forced, begin)
	}
}

// heard asks what becomes of a caller who has waited. Where no flight was waited for, or
// the machine was restored and does not know it, also in that very call, it begins anew.
func (h *Host) heard(r reply, need core.Need, forced bool, begin func(core.Now) (core.Decision, error)) (reply, error) {
	answered := false
	next, err := h.put(func(now core.Now) (core.Decision, error) {
		if r.Ticket == 0 || r.generation != h.generation {
			return begin(now)
		}
		answered = true
		return h.Machine.Answer(r.Ticket, now, need, forced)
	})
	if err == nil && answered && next.generation != r.generation {
		return h.put(begin)
	}
	return next, err
}

// sleep returns when the bell has rung or the deadline has come, and false where the
// caller's own patience has ended before.
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

// leave frees a caller who stops waiting. The caller of a refresh wants what that
// brings; any other is served where the held set is good for it without.
func (h *Host) leave(ctx context.Context, need core.Need, forced bool) (aws.Credentials, error) {
	if !forced {
		r, err := h.put(func(now core.Now) (core.Decision, error) { return h.Machine.Leave(now, need) })
		if err == nil && r.granted != nil {
			return r.granted.Credentials, nil
		}
	}
	return aws.Credentials{}, &aws.RequestCanceledError{Err: ctx.Err()}
}
