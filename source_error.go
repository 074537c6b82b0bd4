package evercreds

import (
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
)

// SourceError says why a source returned no credentials; an [Error] unwraps to it. A
// function of [NewCustom] or a [Source] may return one to set Class and RetryAfter.
type SourceError struct {
	// Method is the kind of source.
	Method Method
	// Class says whether trying again can help. Default: [Recoverable].
	Class Class
	// Reason is [CodeMalformed] if the reply could not be used. Default, and for any
	// other value: [CodeSource].
	Reason Code
	// Code is the service's error code, such as "AccessDenied", or a word of
	// docs/concepts/errors.md, whose sentence the session's error then has; "": neither.
	Code string
	// Status is the HTTP status of the reply; 0 if there is none.
	Status int
	// Message says what happened. It contains no secret.
	Message string
	// RetryAfter is the pause that the source asks for. The session heeds at most a
	// minute of it. 0: none.
	RetryAfter time.Duration
	// Err is the cause. It is nil if there is none, or if it could show a secret.
	Err error
}

// ownError makes an error of this package of one of internal/sources. Any other stays.
func ownError(err error) error {
	switch e := err.(type) {
	case *sources.ParameterError:
		return (*ParameterError)(e)
	case *sources.Error:
		return &SourceError{
			Method: e.Method, Class: Class(e.Class), Reason: Code(e.Reason), Code: e.Code, Status: e.Status,
			Message: e.Message, RetryAfter: e.RetryAfter, Err: ownError(e.Err),
		}
	}
	return err
}

func (e *SourceError) inner() *sources.Error {
	return &sources.Error{
		Method: e.Method, Class: core.Class(e.Class), Reason: core.Code(e.Reason), Code: e.Code, Status: e.Status,
		Message: e.Message, RetryAfter: e.RetryAfter, Err: e.Err,
	}
}

// As converts the error into the internal type by which a session sorts errors.
func (e *SourceError) As(target any) bool {
	at, ok := target.(**sources.Error)
	if ok {
		*at = e.inner()
	}
	return ok
}

// Error returns method, code, status and message in one line.
func (e *SourceError) Error() string { return e.inner().Error() }

// GoString keeps %#v from printing the fields of the cause.
func (e *SourceError) GoString() string { return fmt.Sprintf("&evercreds.SourceError{%q}", e.Error()) }

// MarshalText returns the text of Error. It keeps JSON and log handlers from the fields
// of the cause, which may hold the request and with it a token.
func (e *SourceError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Unwrap returns Err.
func (e *SourceError) Unwrap() error { return e.Err }
