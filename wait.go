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

// ask is the way of a caller without a valid lease, or with a need of its own. It
// waits as long as the session lets, and never past its context's deadline: an error
// then says more than the context's.
func (s *Session) ask(ctx context.Context, n core.Need) (aws.Credentials, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	n.Until = millis.Patience(ctx, s.now().Elapsed)
	return s.follow(ctx, s.askOnce(n), n, false)
}

// askOnce puts the question, and starts what the answer starts.
func (s *Session) askOnce(n core.Need) reply {
	r, _ := s.event(func(now core.Now) (core.Decision, error) { return s.machine.Ask(now, n), nil })
	return r
}

// follow does what a decision tells its caller, and waits where it says so.
func (s *Session) follow(ctx context.Context, r reply, n core.Need, forced bool) (aws.Credentials, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	old := r.lease // what an inline caller has if its patience ends
	for {
		switch r.Kind {
		case core.Serve, core.ServeAndRefresh:
			return r.lease.creds, nil
		case core.RefreshInline, core.Refresh, core.Wait:
			if r.Ticket == 0 && r.Code == core.CodeAbandoned {
				return aws.Credentials{}, newError(r) // who died does so again: a fault to be told, not waited out
			}
			n.Until = r.Until
			if err := s.await(ctx, r); err != nil && old != nil {
				return old.creds, nil
			} else if err != nil {
				return aws.Credentials{}, err
			}
		default:
			return aws.Credentials{}, newError(r)
		}
		if r.Ticket == 0 { // no flight was waited for, but the time when one may begin
			r = s.askOnce(n)
			continue
		}
		ticket := r.Ticket
		r, _ = s.event(func(now core.Now) (core.Decision, error) {
			return s.machine.Answer(ticket, now, n, forced), nil
		})
	}
}

// await sleeps until a flight is settled, its deadline comes or ctx ends. The
// flight itself goes on in any case. Where there is no flight, it sleeps until the
// next one may begin, or until what is held changes.
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
