package sources

import (
	"fmt"
	"strings"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
)

// Error is why a source brought no credentials.
type Error struct {
	// Method is the source.
	Method core.Method
	// Class says whether trying again can help. Zero: core.Recoverable.
	Class core.Class
	// Reason is core.CodeMalformed for a reply that could not be used; anything
	// else counts as core.CodeSource.
	Reason core.Code
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

// Error gives method, code, status and message.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(methodName(e.Method))
	if code := words.ShownCode(e.Code); code != "" {
		b.WriteString(": " + code)
	}
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	return b.String()
}

// GoString is for %#v, which would otherwise print the cause's fields.
func (e *Error) GoString() string { return fmt.Sprintf("&sources.Error{%q}", e.Error()) }

// MarshalText gives Error, for JSON and log handlers: the cause's fields may hold
// the request, and with it the token of the base credentials.
func (e *Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

func methodName(m core.Method) string {
	switch m {
	case core.MethodSTS:
		return "sts"
	case core.MethodCustom:
		return "custom"
	case core.MethodIoT:
		return "iot"
	}
	return "source"
}

// malformed refuses a reply that could not be used.
func malformed(m core.Method, format string, args ...any) *Error {
	return &Error{Method: m, Class: core.Recoverable, Reason: core.CodeMalformed, Message: fmt.Sprintf(format, args...)}
}

// refused is a failure that has a code of evercreds' own, sorted as a service's
// error with that code would be.
func refused(m core.Method, code, message string, cause error) *Error {
	return &Error{
		Method: m, Class: core.ErrorClass(m, 0, []byte(code)), Reason: core.CodeSource,
		Code: code, Message: message, Err: cause,
	}
}

// ParameterError refuses the value of a parameter. It shows no value that
// may be secret.
type ParameterError struct {
	// Parameter is the name of the field or argument.
	Parameter string
	// Expected says what was expected, beginning with "must".
	Expected string
}

// Error names the parameter and what was expected.
func (e *ParameterError) Error() string { return "evercreds: " + e.Parameter + " " + e.Expected }
