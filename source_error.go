package evercreds

import (
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
)

// SourceError is why a source brought no credentials; an [Error] unwraps to it. A
// function of [NewCustom] and a [Source] may return one, so that its Class and
// RetryAfter hold.
type SourceError struct {
	// Method is the source.
	Method Method
	// Class says whether trying again can help. Zero: [Recoverable].
	Class Class
	// Reason is [CodeMalformed] for a reply that could not be used; anything else
	// counts as [CodeSource].
	Reason Code
	// Code is the service's error code, as AccessDenied. "": none.
	Code string
	// Status is the HTTP status of the reply. 0: none.
	Status int
	// Message says what happened, with every secret taken out.
	Message string
	// RetryAfter is the pause that the source asked for. 0: none.
	RetryAfter time.Duration
	// Err is the cause, where it can be shown without a secret. It may be nil.
	Err error
}

// ownError makes a SourceError of an error of internal/sources. Any other stays.
func ownError(err error) error {
	e, ok := err.(*sources.Error)
	if !ok {
		return err
	}
	return &SourceError{
		Method: e.Method, Class: Class(e.Class), Reason: Code(e.Reason), Code: e.Code, Status: e.Status,
		Message: e.Message, RetryAfter: e.RetryAfter, Err: e.Err,
	}
}

func (e *SourceError) inner() *sources.Error {
	return &sources.Error{
		Method: e.Method, Class: core.Class(e.Class), Reason: core.Code(e.Reason), Code: e.Code, Status: e.Status,
		Message: e.Message, RetryAfter: e.RetryAfter, Err: e.Err,
	}
}

// As is for the session, which sorts errors of sources by a type of its own.
func (e *SourceError) As(target any) bool {
	at, ok := target.(**sources.Error)
	if ok {
		*at = e.inner()
	}
	return ok
}

// Error gives method, code, status and message.
func (e *SourceError) Error() string { return e.inner().Error() }

// GoString is for %#v, which would otherwise print the cause's fields.
func (e *SourceError) GoString() string { return fmt.Sprintf("&evercreds.SourceError{%q}", e.Error()) }

// MarshalText gives Error, for JSON and log handlers: the cause's fields may hold
// the request, and with it the token of the base credentials.
func (e *SourceError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Unwrap gives the cause.
func (e *SourceError) Unwrap() error { return e.Err }
