package evercreds

import (
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
)

// Code is the reason of an [Error].
type Code core.Code

// Why there are no credentials.
const (
	CodeSource        Code = Code(core.CodeSource)        // the source failed; see Err
	CodeTimedOut      Code = Code(core.CodeTimedOut)      // no answer within the refresh timeout
	CodeAbandoned     Code = Code(core.CodeAbandoned)     // the source died without an answer
	CodeMalformed     Code = Code(core.CodeMalformed)     // the reply could not be used
	CodeExpiredReply  Code = Code(core.CodeExpiredReply)  // the reply had expired already
	CodeStillRejected Code = Code(core.CodeStillRejected) // the reply brought a set that a service had rejected
	CodeNoProgress    Code = Code(core.CodeNoProgress)    // the reply expires no later than the expired set that is held
	CodeRejected      Code = Code(core.CodeRejected)      // services reject sets as fast as they come
	CodeMinTTL        Code = Code(core.CodeMinTTL)        // less time left than MinTTL asks for
	CodeClosed        Code = Code(core.CodeClosed)        // the session is closed
)

// String says it in words.
func (c Code) String() string {
	switch c {
	case CodeSource:
		return "the source failed"
	case CodeTimedOut:
		return "no answer within the refresh timeout"
	case CodeAbandoned:
		return "the source gave no answer"
	case CodeMalformed:
		return "the source's reply could not be used"
	case CodeExpiredReply:
		return "the source's reply had expired already"
	case CodeStillRejected:
		return "the source brought credentials that a service has rejected"
	case CodeNoProgress:
		return "the source brought expired credentials again"
	case CodeRejected:
		return "services reject credentials as fast as they come"
	case CodeMinTTL:
		return "the credentials have less time left than MinTTL asks for"
	case CodeClosed:
		return "the session is closed"
	}
	return fmt.Sprintf("code %d", int(c))
}

// Class says whether a failure can pass by itself.
type Class core.Class

// Whether a failure can pass.
const (
	Recoverable Class = Class(core.Recoverable) // try again later
	Permanent   Class = Class(core.Permanent)   // trying again will not help
)

// String is "recoverable" or "permanent".
func (c Class) String() string {
	switch c {
	case Recoverable:
		return "recoverable"
	case Permanent:
		return "permanent"
	}
	return "none"
}

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

func newError(r reply) *Error {
	e := &Error{Code: Code(r.Code), Class: Class(r.Class), Err: r.cause}
	if r.RetryAt != core.Never {
		e.RetryAt = time.UnixMilli(r.now.Wall + r.RetryAt - r.now.Elapsed)
	}
	return e
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

// RetryableError is false: the pace of attempts is the session's, and the
// retries of an SDK client would only meet the same error again.
func (e *Error) RetryableError() bool { return false }
