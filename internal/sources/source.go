package sources

import (
	"context"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/millis"
)

// Source fetches credentials. Fetch may be called while an earlier call that was
// given up still runs. It returns soon after ctx ends, and its result comes from one
// single reply. Its errors should be of type [*Error]; any other counts as recoverable.
type Source interface {
	// Method is the number under which the machine knows the source.
	Method() core.Method
	// Fetch runs one flight.
	Fetch(ctx context.Context, f *Flight) (Result, error)
}

// Named is a source that tells its session from others.
type Named interface {
	// Names are those of the session and of the role, for events and errors. "": none.
	Names() (session, role string)
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

// Check refuses a result that cannot sign a request: a key or the token is missing or
// has characters that cannot stand in a header, the account is not one, not exactly one
// of Expires and NoExpiry is set, or Expires is before 1970. m is the source to blame.
func (r Result) Check(m core.Method) error {
	for _, key := range []struct{ name, value string }{
		{"AccessKeyID", r.AccessKeyID}, {"SecretAccessKey", r.SecretAccessKey}, {"SessionToken", r.SessionToken},
	} {
		if !isKey(key.value) {
			return malformed(m, "%s must be 1 to %d printable ASCII characters, without blanks or line ends, in what the source returns",
				key.name, longestKey)
		}
	}
	switch {
	case r.AccountID != "" && !isAccount(r.AccountID):
		return malformed(m, "AccountID must be 12 digits, or empty, in what the source returns")
	case r.Expires.IsZero() != r.NoExpiry:
		return malformed(m, "exactly one of Expires and NoExpiry must be set in what the source returns")
	case !r.NoExpiry && r.Expires.Unix() < 0:
		return malformed(m, "Expires must not be before 1970 in what the source returns")
	}
	return nil
}

// ExpiryMilli is Expires in milliseconds since the Unix epoch, as the machine takes
// it: the end of the year 9999 at most. core.Never where there is no expiry.
func (r Result) ExpiryMilli() int64 {
	if r.NoExpiry {
		return core.Never
	}
	const last = 253402300799999
	return min(millis.At(r.Expires), last)
}

// longestKey is more than any service takes in a header.
const longestKey = 64 << 10

// isKey tells whether a text can be part of credentials. A text that cannot stand in a
// header would fail every call for the set's whole life.
func isKey(text string) bool {
	for i := range len(text) {
		if text[i] < '!' || text[i] > '~' {
			return false
		}
	}
	return text != "" && len(text) <= longestKey
}

// isAccount tells whether a text is an account ID. SDKs make host names of it.
func isAccount(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return len(text) == 12
}

// latest makes a Result.ServerTime of a Date.
func latest(date time.Time) time.Time {
	if date.IsZero() {
		return date
	}
	return date.Add(999 * time.Millisecond)
}
