package hostfuncs

import (
	"context"
	"errors"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
)

// calls receives the host functions. They run within a call on the machine, so
// the mutex is held.
type calls struct{ rt *Runtime }

// RefreshBegin starts the flight: this is how a session hears of it.
func (c calls) RefreshBegin(session int32, ticket int64, _, cause int32) {
	h := c.rt.handles[session]
	if h == nil {
		h = c.rt.opening
	}
	if h != nil {
		h.host.Start(ticket, core.Cause(cause), host.NoTimeout)
	}
}

// RefreshCancel does nothing: the decision tells it too.
func (calls) RefreshCancel(int32, int64) {}

// mostRebuilds bounds how often one call is tried on a new instance.
const mostRebuilds = 2

// again makes a call until it meets neither a trap nor a poisoned session, each of
// which is mended first.
func (rt *Runtime) again(h *handle, call func() error) error {
	for attempt := 0; ; attempt++ {
		err := call()
		if err == nil || attempt == mostRebuilds {
			return err
		}
		var trap *TrapError
		switch {
		case errors.As(err, &trap):
			err = rt.rebuild()
		case poisoned(err):
			err = h.revive()
		}
		if err != nil {
			return err
		}
	}
}

// rebuild puts a new instance in the place of one that trapped. A session that
// cannot be restored is refused from then on; the others go on.
func (rt *Runtime) rebuild() error {
	_ = rt.machine.Close() // what it could say, the trap has said
	fresh, err := rt.engine.instantiate(context.Background(), calls{rt})
	if err != nil {
		return err
	}
	rt.machine = fresh
	clear(rt.handles)
	for h := range rt.sessions {
		h.number = 0
		if err := h.restore(); errors.As(err, new(*TrapError)) {
			return err // the next call tries again
		}
	}
	return nil
}
