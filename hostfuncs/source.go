package hostfuncs

import (
	"context"
	"time"

	"github.com/evercreds/evercreds/core"
)

// Source fetches credentials. Fetch may be called while an earlier call that
// was given up still runs. It returns soon after ctx ends, and what it returns
// comes from one single reply. Its errors are best of type [*Error]; any other
// counts as recoverable.
type Source interface {
	// Method is the number under which the machine knows the source.
	Method() core.Method
	// Fetch runs one flight.
	Fetch(ctx context.Context, f *Flight) (Result, error)
}

// Flight is what a source learns of the refresh that it is to run.
type Flight struct {
	// Ticket names the flight within its session.
	Ticket int64
	// Cause says why the flight was started, and so whether somebody waits.
	Cause core.Cause
	// Prompted, where not nil, is called when a person has answered the
	// source's prompt: the time that the source may take starts then.
	Prompted func()
}

// awaited tells whether a caller waits for the flight.
func (f *Flight) awaited() bool {
	switch f.Cause {
	case core.CauseAdvisory, core.CauseIdle, core.CauseDegraded:
		return false
	}
	return true
}

// Result is a set of credentials and what the reply told about time.
type Result struct {
	Credentials
	// ServerTime is the latest instant that the reply's Date can mean: its
	// whole second plus 999 ms. Zero: the reply had no Date.
	ServerTime time.Time
	// Duration is the lifetime that was requested. 0: not known.
	Duration time.Duration
}

// Check refuses what cannot sign a request: a key or the token is missing, or
// not exactly one of Expires and NoExpiry is set. m is the source to blame.
func (r Result) Check(m core.Method) error {
	for _, key := range []struct{ name, value string }{
		{"AccessKeyID", r.AccessKeyID}, {"SecretAccessKey", r.SecretAccessKey}, {"SessionToken", r.SessionToken},
	} {
		if key.value == "" {
			return malformed(m, "%s must not be empty in what the source returns", key.name)
		}
	}
	if r.Expires.IsZero() != r.NoExpiry {
		return malformed(m, "exactly one of Expires and NoExpiry must be set in what the source returns")
	}
	return nil
}

// latest makes a Result.ServerTime of a Date.
func latest(date time.Time) time.Time {
	if date.IsZero() {
		return date
	}
	return date.Add(999 * time.Millisecond)
}
