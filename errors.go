package evercreds

import (
	"cmp"
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
)

// Code is the reason of an [Error]. Every language has the same ones.
type Code core.Code

// The codes.
const (
	CodeSource        Code = Code(core.CodeSource)        // the source failed; see Err
	CodeTimedOut      Code = Code(core.CodeTimedOut)      // the source did not answer within [WithRefreshTimeout]
	CodeAbandoned     Code = Code(core.CodeAbandoned)     // the source ended its goroutine, or panicked
	CodeMalformed     Code = Code(core.CodeMalformed)     // the source's reply could not be used
	CodeExpiredReply  Code = Code(core.CodeExpiredReply)  // the source returned expired credentials
	CodeStillRejected Code = Code(core.CodeStillRejected) // the source returned rejected credentials again
	CodeNoProgress    Code = Code(core.CodeNoProgress)    // the source returned the expired credentials again
	CodeRejected      Code = Code(core.CodeRejected)      // a service rejected the credentials, and there are no new ones yet
	CodeMinTTL        Code = Code(core.CodeMinTTL)        // the credentials expire before [MinTTL] has passed
	CodeClosed        Code = Code(core.CodeClosed)        // the session is closed
	CodeShareBusy     Code = Code(core.CodeShareBusy)     // another session has been fetching the credentials all the time
	CodeShareLock     Code = Code(core.CodeShareLock)     // the store for shared credentials cannot be locked
	CodeReentrant     Code = Code(host.Reentrant)         // a source asked its own session: see [ErrReentrant]
)

// Sentinels for errors.Is: each [*Error] with that code matches.
var (
	// ErrClosed says that the session is closed.
	ErrClosed error = host.Sentinel(core.CodeClosed)
	// ErrTimedOut says that the source did not answer within [WithRefreshTimeout].
	ErrTimedOut error = host.Sentinel(core.CodeTimedOut)
	// ErrRejected says that a service rejected the credentials, and there are no new ones
	// yet.
	ErrRejected error = host.Sentinel(core.CodeRejected)
	// ErrMinTTL says that the source's credentials expire before [MinTTL] has passed.
	ErrMinTTL error = host.Sentinel(core.CodeMinTTL)
	// ErrReentrant says that a source asked its own session for credentials, directly or
	// by way of other sessions. It comes at once.
	ErrReentrant error = host.ErrReentrant
)

// String returns what is wrong, without what to do, or "none" if there is none, as in an [Event] that
// is no failure.
func (c Code) String() string {
	if c == 0 {
		return "none"
	}
	return host.Reason(core.Code(c)).Text
}

// Class says whether the cause of a failure can pass by itself.
type Class core.Class

// The classes. STS's error codes are sorted as the AWS SDK for Rust does; unknown ones are
// Recoverable.
const (
	Recoverable Class = Class(core.Recoverable) // try again later
	Permanent   Class = Class(core.Permanent)   // trying again will not help
	// Throttled is what a source reports that is to be asked less often: the next attempt
	// waits for RetryAfter, and for a second at least. Errors, events and a status say
	// Recoverable of it, and have the source's own code beside.
	Throttled Class = Class(core.Throttled)
)

// String returns the class in small letters, or "none" if the source did not fail.
func (c Class) String() string { return words.Class(core.Class(c)) }

// Error says why a session has no credentials for a caller. It contains no secret, and
// each caller has one of its own.
type Error struct {
	Code  Code  // the reason
	Class Class // whether the cause can pass by itself
	// RetryAt is when the session may ask the source again, by the local wall clock.
	// Callers get this error until then, without a call. Zero: never.
	RetryAt time.Time
	// Role is what a refresh gets the credentials of: the role's ARN, the role alias at
	// AWS IoT, or the name of the function or the type of the source.
	Role string
	// AWSErrorCode is the service's own error code, such as "AccessDenied". Where no service
	// answered, it is a word for what is wrong, such as "network"; docs/concepts/errors.md lists them.
	// "": neither is known.
	AWSErrorCode string
	// Err is the source's error, mostly a [*SourceError]. It may be nil.
	Err error

	text string // what is wrong and what to do; "": what the code says
}

func newError(f host.Failure) error { return errorOf(f) }

func errorOf(f host.Failure) *Error {
	return &Error{
		Code: Code(f.Code), Class: Class(f.Class), RetryAt: f.RetryAt,
		Role: f.Role, AWSErrorCode: f.AWSCode, Err: f.Err, text: f.Text,
	}
}

// Error returns in one line what is wrong and what to do, by whose word, which role it is
// about, and the source's error.
func (e *Error) Error() string {
	text := "evercreds: " + cmp.Or(e.text, host.Reason(core.Code(e.Code)).Sentence())
	if e.Err == nil {
		return text
	}
	return text + ": " + e.Err.Error()
}

// GoString keeps %#v from printing the fields of the cause.
func (e *Error) GoString() string { return fmt.Sprintf("&evercreds.Error{%q}", e.Error()) }

// MarshalText returns the text of Error. It keeps JSON and log handlers from the fields
// of the cause, which may hold the request and with it a token.
func (e *Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the sentinel of the code, such as [ErrClosed].
func (e *Error) Is(target error) bool { return host.Failure{Code: core.Code(e.Code)}.Is(target) }

// RetryableError returns false, so that clients of the SDK do not retry: the session sets
// the pace of attempts.
func (e *Error) RetryableError() bool { return false }
