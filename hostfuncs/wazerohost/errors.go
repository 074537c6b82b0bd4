package wazerohost

import (
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
)

// Error is why a caller got no credentials.
type Error struct {
	// Code is the machine's reason, and Class whether it can pass by itself.
	Code  core.Code
	Class core.Class
	// RetryAt is the instant before which nothing is tried. Zero: none.
	RetryAt time.Time
	// Err is what the source said. nil: it was not the source.
	Err error
}

// ErrReentrant is evercreds.ErrReentrant: errors.Is finds here what it finds in errors
// of the root package.
var ErrReentrant error = host.ErrReentrant

// Error gives the reason and what the source said.
func (e *Error) Error() string {
	text := "wazerohost: " + host.Reason(e.Code).Text
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is tells that target is the sentinel of the code, such as evercreds.ErrClosed.
func (e *Error) Is(target error) bool { return host.Failure{Code: e.Code}.Is(target) }

// GoString is for %#v, which would otherwise print the cause's fields.
func (e *Error) GoString() string { return fmt.Sprintf("&wazerohost.Error{%q}", e.Error()) }

// MarshalText gives Error, for JSON and log handlers: the fields of a source's error
// may hold anything.
func (e *Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Unwrap gives the source's error.
func (e *Error) Unwrap() error { return e.Err }
