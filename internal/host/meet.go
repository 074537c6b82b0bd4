package host

import (
	"fmt"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/sources"
)

// Meet asks a source what it is. It may be a nil pointer, or panic otherwise.
func Meet(source sources.Source) (method core.Method, attended bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &sources.ParameterError{
				Parameter: "source",
				Expected:  fmt.Sprintf("must be a Source whose Method and Attended return; one panicked with a %T", p),
			}
		}
	}()
	method = source.Method()
	if a, ok := source.(interface{ Attended() bool }); ok {
		attended = a.Attended()
	}
	return method, attended, nil
}

// NamesOf are the names that a source has for its session and its role, as far as they
// can stand in a line.
func NamesOf(source sources.Source) (session, role string) {
	defer func() {
		if recover() != nil { // the user's method; a session without a name is one all the same
			session, role = "", ""
		}
	}()
	if named, ok := source.(sources.Named); ok {
		session, role = named.Names()
	}
	return words.ShownName(session), words.ShownName(role)
}
