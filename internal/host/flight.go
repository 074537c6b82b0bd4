package host

import (
	"context"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/internal/waits"
)

// flight is one refresh, from its start until its attempt has reported, which may be
// long after it was settled.
type flight struct {
	ticket int64
	bell   chan struct{}
	waits  *waits.Attempt
	values *values
	cancel context.CancelFunc
}

// NoTimeout is the timeout of a flight whose end only the machine knows.
const NoTimeout time.Duration = -1

// Start runs a flight in a goroutine of its own, since the flight may outlive the
// caller that came first, and returns at once. The lock is held. The source's context
// ends when the machine cancels the flight, and shows the timeout, if one is given. It has
// the values of the caller that the flight began with, and its own mark before theirs.
func (h *Host) Start(ticket int64, cause core.Cause, timeout time.Duration) {
	of := valuesOf(h.asking)
	ctx, attempt := waits.New(of, &h.owner)
	cancel := context.CancelFunc(nil)
	if timeout == NoTimeout || h.Attended { // a person's answer moves the deadline, and no context can do that
		ctx, cancel = context.WithCancel(ctx)
	} else {
		// Its timer and the host's are due in the same instant. The machine times the
		// flight out before it hears of a failure, so both orders give one outcome.
		ctx, cancel = context.WithTimeout(ctx, timeout)
	}
	f := &flight{ticket: ticket, bell: make(chan struct{}), waits: attempt, values: of, cancel: cancel}
	h.flights[ticket] = f
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
		h.sets[f.ticket] = o.result.Credentials // it may be served at once
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
