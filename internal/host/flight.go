package host

import (
	"context"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/internal/waits"
)

// flight is one refresh, from its start until its attempt has reported, which may be
// long after it was settled. One that is at the store has no attempt yet, and may never
// have one.
type flight struct {
	ticket int64
	bell   chan struct{}
	waits  *waits.Attempt
	values *values            // nil: it is not in the air
	cancel context.CancelFunc // nil: likewise
}

// flightOf is the flight with this ticket, made where there is none. The lock is held.
func (h *Host) flightOf(ticket int64) *flight {
	f := h.flights[ticket]
	if f == nil {
		f = &flight{ticket: ticket, bell: make(chan struct{}), waits: waits.New(&h.owner)}
		h.flights[ticket] = f
	}
	return f
}

// end tells the attempt to end, if there is one.
func (f *flight) end() {
	if f.cancel != nil {
		f.cancel()
	}
}

// NoTimeout is the timeout of a flight whose end only the machine knows.
const NoTimeout time.Duration = -1

// Start runs a flight in a goroutine of its own, since the flight may outlive the
// caller that came first, and returns at once. The lock is held. The source's context
// ends when the machine cancels the flight, and shows the timeout, if one is given. It has
// the values of the caller that the flight began with, and its own mark before theirs.
func (h *Host) Start(ticket int64, cause core.Cause, timeout time.Duration) {
	f := h.flightOf(ticket)
	f.values = h.beganWith()
	ctx := f.waits.In(f.values)
	if timeout == NoTimeout || h.Attended { // a person's answer moves the deadline, and no context can do that
		ctx, f.cancel = context.WithCancel(ctx)
	} else {
		// Its timer and the host's are due in the same instant. The machine times the
		// flight out before it hears of a failure, so both orders give one outcome.
		ctx, f.cancel = context.WithTimeout(ctx, timeout)
	}
	h.begin(ticket, cause)
	h.running.Add(1)
	go h.attempt(ctx, f, cause)
}

// attempt calls the source, and reports once, whatever the source does.
func (h *Host) attempt(ctx context.Context, f *flight, cause core.Cause) {
	defer h.running.Done()
	defer f.cancel()
	o := outcome{err: errAbandoned} // by runtime.Goexit
	defer func() {
		if p := recover(); p != nil {
			o = panicked(p)
		}
		f.values.drop()
		f.waits.End()
		h.report(f, o)
	}()
	o = h.judge(h.Source.Fetch(ctx, &sources.Flight{
		Ticket: f.ticket, Cause: cause,
		Prompted: func() {
			_, _ = h.put(func(now core.Now) (core.Decision, error) { return h.Machine.Prompted(f.ticket, now) })
		},
	}))
}

// report tells the machine how an attempt has ended. The report of an attempt from
// before a restore, or of a closed session, is dropped.
func (h *Host) report(f *flight, o outcome) {
	h.Lock.Lock()
	defer h.Lock.Unlock()
	if h.flights[f.ticket] != f {
		return
	}
	if o.err == nil {
		set := o.result.Credentials
		h.sets[f.ticket] = &set // it may be served at once
	} else {
		h.keep(failed{f.ticket, o.err, o.said})
	}
	if err := h.tryAll(o.reports(h.Machine, f.ticket)); err != nil {
		ring(&f.bell) // the waiters meet the same error
		delete(h.sets, f.ticket)
	}
	if h.flights[f.ticket] == f {
		delete(h.flights, f.ticket)
	}
}

// tryAll puts these events until the machine takes one.
func (h *Host) tryAll(events []func(core.Now) (core.Decision, error)) (err error) {
	for _, event := range events {
		if _, err = h.step(event); err == nil {
			return nil
		}
	}
	return err
}
