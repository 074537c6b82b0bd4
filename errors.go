package evercreds

import (
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
)

// Code is the reason of an [Error].
type Code core.Code

// Why there are no credentials.
const (
	CodeSource        Code = Code(core.CodeSource)        // the source failed; see Err
	CodeTimedOut      Code = Code(core.CodeTimedOut)      // no answer within the refresh timeout
	CodeAbandoned     Code = Code(core.CodeAbandoned)     // the source died without an answer
	CodeMalformed     Code = Code(core.CodeMalformed)     // the reply could not be used
	CodeExpiredReply  Code = Code(core.CodeExpiredReply)  // the reply had already expired
	CodeStillRejected Code = Code(core.CodeStillRejected) // the reply brought a set that a service had rejected
	CodeNoProgress    Code = Code(core.CodeNoProgress)    // the reply expires no later than the expired set that is held
	CodeRejected      Code = Code(core.CodeRejected)      // new sets keep being rejected
	CodeMinTTL        Code = Code(core.CodeMinTTL)        // the credentials expire before MinTTL has passed
	CodeClosed        Code = Code(core.CodeClosed)        // the session is closed
	CodeReentrant     Code = Code(host.Reentrant)         // a source asked its own session: see [ErrReentrant]
)

// What errors.Is finds in an [*Error], for the codes that programs ask for.
var (
	// ErrClosed: the session is closed.
	ErrClosed error = host.Sentinel(core.CodeClosed)
	// ErrTimedOut: the source gave no answer within the refresh timeout.
	ErrTimedOut error = host.Sentinel(core.CodeTimedOut)
	// ErrRejected: new sets keep being rejected.
	ErrRejected error = host.Sentinel(core.CodeRejected)
	// ErrMinTTL: what the source brings has less time left than [MinTTL] asks for.
	ErrMinTTL error = host.Sentinel(core.CodeMinTTL)
	// ErrReentrant: a source asked its own session for credentials, which are what it
	// was called for, or another session whose source asks this one.
	ErrReentrant error = host.ErrReentrant
)

// String says it in words.
func (c Code) String() string { return host.Reason(core.Code(c)).Text }

// Class says whether a failure can pass by itself.
type Class core.Class

// Whether a failure can pass.
const (
	Recoverable Class = Class(core.Recoverable) // try again later
	Permanent   Class = Class(core.Permanent)   // trying again will not help
	Throttled   Class = Class(core.Throttled)   // recoverable, and the source asked for a pause
)

// String is "recoverable", "permanent" or "throttled"; "none" where it was no failure
// of the source's.
func (c Class) String() string { return words.Class(core.Class(c)) }

// Error is why a session has no credentials for a caller. It holds no secret.
type Error struct {
	Code  Code
	Class Class
	// RetryAt is when the source may be contacted again. Until then callers get
	// this error without a call. Zero: never.
	RetryAt time.Time
	// Err is what the source said, mostly a [*SourceError]. It may be nil.
	Err error
}

func newError(f host.Failure) error { return errorOf(f) }

func errorOf(f host.Failure) *Error {
	return &Error{Code: Code(f.Code), Class: Class(f.Class), RetryAt: f.RetryAt, Err: f.Err}
}

// Error gives the reason and what the source said.
func (e *Error) Error() string {
	if e.Err == nil {
		return "evercreds: " + e.Code.String()
	}
	return "evercreds: " + e.Code.String() + ": " + e.Err.Error()
}

// GoString is for %#v, which would otherwise print the cause's fields.
func (e *Error) GoString() string { return fmt.Sprintf("&evercreds.Error{%q}", e.Error()) }

// MarshalText gives Error, for JSON and log handlers: the cause's fields may hold
// the request, and with it the token of the base credentials.
func (e *Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Unwrap gives what the source said.
func (e *Error) Unwrap() error { return e.Err }

// Is tells that target is the sentinel of the code, such as [ErrClosed].
func (e *Error) Is(target error) bool { return host.Failure{Code: core.Code(e.Code)}.Is(target) }

// RetryableError is false: the pace of attempts is the session's, and the
// retries of an SDK client would only meet the same error again.
func (e *Error) RetryableError() bool { return false }
