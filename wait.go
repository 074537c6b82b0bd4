package evercreds

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/waits"
)

// ErrReentrant is why a source that asks its own session for credentials gets
// none: they are what it was called for. It is also where it asks another session
// whose source asks this one.
var ErrReentrant = errors.New("evercreds: a source must not use the credentials of its own session")

// ask is the way of a caller without a valid lease.
func (s *Session) ask(ctx context.Context, minTTL int64) (aws.Credentials, error) {
	r, _ := s.event(func(now core.Now) (core.Decision, error) { return s.machine.Ask(now, core.Need{MinTTL: minTTL}), nil })
	return s.follow(ctx, r, minTTL, false)
}

// follow does what a decision tells its caller, and waits where it says so.
func (s *Session) follow(ctx context.Context, r reply, minTTL int64, forced bool) (aws.Credentials, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	old := r.lease // what an inline caller has if its patience ends
	ticket := r.Ticket
	for {
		switch r.Kind {
		case core.Serve, core.ServeAndRefresh:
			return r.lease.creds, nil
		case core.RefreshInline, core.Refresh, core.Wait:
			if err := s.await(ctx, r); err != nil && old != nil {
				return old.creds, nil
			} else if err != nil {
				return aws.Credentials{}, err
			}
		default:
			return aws.Credentials{}, newError(r)
		}
		r, _ = s.event(func(now core.Now) (core.Decision, error) {
			return s.machine.Answer(ticket, now, core.Need{MinTTL: minTTL}, forced), nil
		})
	}
}

// await sleeps until a flight is settled, its deadline comes or ctx ends. The
// flight itself goes on in any case.
func (s *Session) await(ctx context.Context, r reply) error {
	end, ok := waits.Begin(ctx, r.flight)
	if !ok {
		return &Error{Code: CodeSource, Class: Permanent, Err: ErrReentrant}
	}
	defer end()
	var deadline <-chan time.Time
	if r.Deadline != core.Never {
		timer := time.NewTimer(millis.Until(r.Deadline, r.now.Elapsed))
		defer timer.Stop()
		deadline = timer.C
	}
	select {
	case <-r.wait:
		return nil
	case <-deadline:
		return nil
	case <-ctx.Done():
		return &aws.RequestCanceledError{Err: ctx.Err()}
	}
}
