//go:build go1.25

package evercreds

import (
	"context"
	"errors"
	"flag"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/hostexecutor"
	"github.com/evercreds/evercreds/internal/millis"
	"github.com/evercreds/evercreds/internal/sources"
)

var play = flag.Bool("host-executor", false, "play the scenarios of docs/HOST.md that standard input has")

func TestHostExecutor(t *testing.T) {
	if !*play {
		t.Skip("for ./task hosts")
	}
	hostexecutor.Run(t, played{})
}

// played is the root package, by its public names where it has them.
type played struct{}

func (played) Open(source sources.Source, clock func() core.Now, options []hostexecutor.Option, tell func(host.Event)) (hostexecutor.Session, error) {
	given := func(s *settings) {
		for _, o := range options {
			s.set(o.Option, o.Value, o.Value)
		}
		s.seed = 1
	}
	var s *Session
	told := func(e Event) {
		as := host.Event{Kind: string(e.Kind), Cause: core.Cause(e.Cause), Waited: e.Waited, All: e.Scope == ScopeAll, Spaced: e.Spaced}
		if as.Remaining = millis.Of(e.Remaining); e.Remaining == Forever { // also for 292 years: the machine says more
			as.Remaining = playedSession{s}.Status(core.StatusRemaining)
		}
		if e.Err != nil {
			as.Failure = &host.Failure{Code: core.Code(e.Err.Code)}
		}
		tell(as)
	}
	var err error
	s, err = openAt(clock, source, nil, aws.Config{}, []Option{given, WithEvents(told)})
	if err != nil {
		return nil, err
	}
	return playedSession{s}, nil
}

func (played) Failure(err error) (host.Failure, bool) {
	var e *Error
	if !errors.As(err, &e) {
		return host.Failure{}, false
	}
	return host.Failure{Code: core.Code(e.Code), Class: core.Class(e.Class), RetryAt: e.RetryAt}, true
}

func (played) Refused(err error) (string, bool) {
	var e *ParameterError
	if !errors.As(err, &e) {
		return "", false
	}
	if e.Parameter == "MinTTL" {
		return "min_ttl", true
	}
	return e.Parameter, true
}

type playedSession struct{ *Session }

func (s playedSession) Ask(ctx context.Context, minTTL time.Duration, refused *aws.Credentials, evidence core.Evidence) (aws.Credentials, error) {
	switch {
	case evidence == core.EvidenceWeak: // as the clients' hook reports it
		return s.host.Credentials(ctx, core.Need{
			MinTTL: millis.Of(minTTL), Other: sources.FingerprintOf(refused.AccessKeyID, refused.SessionToken), Evidence: evidence,
		})
	case refused != nil:
		return s.Credentials(ctx, MinTTL(minTTL), OtherThan(*refused))
	case minTTL != 0:
		return s.Credentials(ctx, MinTTL(minTTL))
	}
	return s.Retrieve(ctx)
}

func (s playedSession) Status(field core.Field) (value int64) {
	s.host.Look(func(m host.Machine, now core.Now) { value, _ = m.Status(field, now) })
	return value
}
