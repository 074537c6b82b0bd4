package host

import (
	"context"
	"sync/atomic"
)

// values is the context that an attempt begins with: it never ends, and has the values of
// the caller's until the attempt is over. A span that is found there becomes the parent of
// the attempt's calls, as with the SDK's own cache of credentials.
type values struct {
	context.Context
	of atomic.Pointer[context.Context]
}

// valuesOf takes the values of a context; nil: there are none.
func valuesOf(ctx context.Context) *values {
	v := &values{Context: context.Background()}
	if ctx != nil {
		v.of.Store(&ctx)
	}
	return v
}

// Value asks the caller's context, which may be of the user's own type, and panic.
func (v *values) Value(key any) (value any) {
	of := v.of.Load()
	if of == nil {
		return nil
	}
	defer func() {
		if recover() != nil {
			value = nil
		}
	}()
	return (*of).Value(key)
}

// drop forgets the caller's context. Errors that a session keeps lead to the contexts of
// requests, and those must not lead to what a caller held.
func (v *values) drop() { v.of.Store(nil) }

// beganWith are the values that a flight which starts now began with, at the store or here.
// The lock is held.
func (h *Host) beganWith() *values {
	if v := h.visit; v != nil && v.values != nil {
		of := v.values
		v.values = nil
		return of
	}
	return valuesOf(h.asking)
}
