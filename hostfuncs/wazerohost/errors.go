package wazerohost

import (
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
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

// Error names the code and gives the source's words.
func (e *Error) Error() string {
	switch {
	case e.Code == core.CodeClosed:
		return "wazerohost: the session is closed"
	case e.Err != nil:
		return fmt.Sprintf("wazerohost: no credentials (code %d, class %d): %v", e.Code, e.Class, e.Err)
	}
	return fmt.Sprintf("wazerohost: no credentials (code %d, class %d)", e.Code, e.Class)
}

// GoString is for %#v, which would otherwise print the cause's fields.
func (e *Error) GoString() string { return fmt.Sprintf("&wazerohost.Error{%q}", e.Error()) }

// MarshalText gives Error, for JSON and log handlers: the fields of a source's error
// may hold anything.
func (e *Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Unwrap gives the source's error.
func (e *Error) Unwrap() error { return e.Err }

// failure makes the error of a decision.
func (s *Session) failure(d core.Decision) error {
	e := &Error{Code: d.Code, Class: d.Class}
	if d.RetryAt < core.Never && d.RetryAt > 0 {
		now := s.rt.clock()
		e.RetryAt = time.UnixMilli(now.Wall + d.RetryAt - now.Elapsed)
	}
	for _, f := range s.failures {
		if d.ErrorTicket != 0 && d.ErrorTicket == f.ticket {
			e.Err = f.err
		}
	}
	return e
}
