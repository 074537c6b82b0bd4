package evercreds

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
)

// Source fetches credentials; see [New]. Fetch may be called while an earlier call that
// was given up still runs. It returns soon after ctx ends, and what it returns comes from
// one single reply. Its errors are best of type [*SourceError]; any other counts as
// recoverable.
type Source interface {
	// Method is the number under which the session's machine knows the source.
	Method() Method
	// Fetch runs one flight.
	Fetch(ctx context.Context, f *Flight) (Result, error)
}

// Method is the number of a way to fetch credentials.
type Method = core.Method

// MethodRegistered is the least number for a [Source] of the user's.
const MethodRegistered Method = core.MethodRegistered

// Flight is what a [Source] learns of the refresh that it is to run.
type Flight struct {
	// Ticket names the flight within its session.
	Ticket int64
	// Cause says why the flight was started, and so whether somebody waits.
	Cause Cause
	// Prompted, where not nil, is called when a person has answered the source's
	// prompt: the time that the source may take starts then.
	Prompted func()
}

// Result is a set of credentials and what the reply told about time.
type Result struct {
	Credentials
	// ServerTime is the latest instant that the reply's Date can mean: its whole second
	// plus 999 ms. Zero: the reply had no Date.
	ServerTime time.Time
	// Duration is the lifetime that was requested. 0: not known.
	Duration time.Duration
}

// New makes a session of any other source. Its Method is a number from
// [MethodRegistered] on, and asked once; so is Attended() bool, where it has that: it
// tells that a refresh prompts a person, so that none is made ahead of need. The source
// is the caller's to close.
func New(source Source, opts ...Option) (*Session, error) {
	if source == nil {
		return nil, &ParameterError{Parameter: "source", Expected: "must be a Source, not nil"}
	}
	return open(userSource{source}, nil, aws.Config{}, opts)
}

// userSource is a source of the user's, as the host knows sources.
type userSource struct{ Source }

// Attended tells whether a refresh prompts a person.
func (u userSource) Attended() bool { return attended(u.Source) }

func attended(source any) bool {
	a, ok := source.(interface{ Attended() bool })
	return ok && a.Attended()
}

// Fetch calls the source, and refuses what cannot be used.
func (u userSource) Fetch(ctx context.Context, f *sources.Flight) (sources.Result, error) {
	r, err := u.Source.Fetch(ctx, &Flight{Ticket: f.Ticket, Cause: Cause(f.Cause), Prompted: f.Prompted})
	if err != nil {
		return sources.Result{}, err
	}
	result := sources.Result{Credentials: sources.Credentials(r.Credentials), ServerTime: r.ServerTime, Duration: r.Duration}
	return result, ownError(result.Check(u.Method()))
}

// ownSource is a source of internal/sources, whose errors are those of this package.
type ownSource struct{ sources.Source }

// Attended tells whether a refresh prompts a person.
func (o ownSource) Attended() bool { return attended(o.Source) }

// Fetch calls the source.
func (o ownSource) Fetch(ctx context.Context, f *sources.Flight) (sources.Result, error) {
	r, err := o.Source.Fetch(ctx, f)
	return r, ownError(err)
}
