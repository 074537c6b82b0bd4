// Package foreign reads other people's errors. Such errors are kept for days and shown
// to callers who know nothing of them. So an error's methods must not panic there, two
// callers must not share anything that one of them can change, and nothing that hangs
// on an error may show the request that it came from.
package foreign

import (
	"fmt"
	"reflect"
)

// guarded has the words of an error, and answers errors.Is and errors.As as it does.
// The error itself is behind functions only. Code that prints or stores fields of
// fields, as crash reporters do, does not reach it.
type guarded struct {
	text string
	is   func(error) bool
	as   func(any) bool
}

// Guard turns a foreign error into one that may be kept, shared and shown. Guard calls
// the error's methods, so its caller must catch panics. Nothing that is done with its
// result can panic. nil stays nil.
func Guard(err error) error {
	if err == nil {
		return nil
	}
	if g, ok := err.(*guarded); ok {
		return g
	}
	text, all := err.Error(), chain(err, nil)
	return &guarded{
		text: text,
		is:   func(target error) bool { return one(all, func(e error) bool { return isOne(e, target) }) },
		as:   func(target any) bool { return one(all, func(e error) bool { return asOne(e, target) }) },
	}
}

// longest bounds the chain of an error, which may unwrap to itself.
const longest = 100

// chain is the error and all that it wraps, in the order of package errors.
func chain(err error, before []error) []error {
	if err == nil || len(before) == longest {
		return before
	}
	all := append(before, err)
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return chain(e.Unwrap(), all)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			all = chain(inner, all)
		}
	}
	return all
}

// one tells whether one of the errors matches. One that panics does not.
func one(all []error, match func(error) bool) bool {
	for _, e := range all {
		if calmly(func() bool { return match(e) }) {
			return true
		}
	}
	return false
}

func calmly(match func() bool) (yes bool) {
	defer func() {
		if p := recover(); p != nil {
			yes = false
		}
	}()
	return match()
}

// isOne is errors.Is without what the error wraps. The comparison panics for types
// that cannot be compared.
func isOne(e, target error) bool {
	if calmly(func() bool { return e == target }) {
		return true
	}
	own, ok := e.(interface{ Is(error) bool })
	return ok && own.Is(target)
}

// asOne is errors.As without what the error wraps.
func asOne(e error, target any) bool {
	if at := reflect.ValueOf(target).Elem(); reflect.TypeOf(e).AssignableTo(at.Type()) {
		at.Set(reflect.ValueOf(e))
		return true
	}
	own, ok := e.(interface{ As(any) bool })
	return ok && own.As(target)
}

// Error returns the text that the error had when it came.
func (g *guarded) Error() string { return g.text }

// GoString is for %#v.
func (g *guarded) GoString() string { return fmt.Sprintf("error(%q)", g.text) }

// Is is that of the error and of all that it wraps.
func (g *guarded) Is(target error) bool { return g.is(target) }

// As is that of the error and of all that it wraps. An error of the SDK's or of
// evercreds' is found as a copy for this caller, without the request and the body.
func (g *guarded) As(target any) bool {
	if !g.as(target) {
		return false
	}
	calmly(func() bool { own(reflect.ValueOf(target).Elem()); return true })
	return true
}

// own replaces the error that was found by a copy.
func own(at reflect.Value) {
	found := at
	if found.Kind() == reflect.Interface {
		found = found.Elem()
	}
	if fresh := copied(found); fresh.IsValid() && fresh.Type().AssignableTo(at.Type()) {
		at.Set(fresh)
	}
}
