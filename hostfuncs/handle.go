package hostfuncs

import (
	"errors"
	"math/rand/v2"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
)

// handle is a session within the module: a host.Machine. It is guarded by the
// Runtime's mutex, which the host holds in each call.
type handle struct {
	rt       *Runtime
	host     *host.Host
	end      func() // closes the session
	settings []host.Setting
	number   int32
	snapshot []byte
	// after Close
	last  *core.Decision
	final map[core.Field]int64
}

// event makes a call on the module, again where that died, and keeps the snapshot from
// which the session goes on after the next fault.
func (h *handle) event(call func(m *machine) (core.Decision, error)) (d core.Decision, err error) {
	if h.last != nil {
		return *h.last, nil
	}
	err = h.rt.again(h, func() (err error) {
		d, err = call(h.rt.machine)
		return err
	})
	if err == nil && (d.Void != 0 || d.Notes != 0 || d.Started != 0) {
		h.remember()
	}
	return d, err
}

// remember takes a snapshot. Where that fails, the one before stays.
func (h *handle) remember() {
	if s, err := h.rt.machine.SessionSnapshot(h.number); err == nil {
		h.snapshot = s
	}
}

// Set keeps an option for Open: the module judges it then.
func (h *handle) Set(option core.Option, value float64) error {
	h.settings = append(h.settings, host.Setting{Option: option, Value: value})
	return nil
}

// Open makes the session in the module, in a new instance where this one died of it.
func (h *handle) Open(now core.Now, seed uint64) (core.Decision, error) {
	if h.rt.closed {
		return core.Decision{}, errors.New("hostfuncs: the Runtime is closed")
	}
	d, err := h.make(now, seed)
	if errors.As(err, new(*TrapError)) {
		if err = h.rt.rebuild(); err == nil {
			d, err = h.make(now, seed)
		}
	}
	return d, err
}

func (h *handle) make(now core.Now, seed uint64) (d core.Decision, err error) {
	m := h.rt.machine
	if h.number, err = m.SessionNew(); err != nil {
		return d, err
	}
	h.rt.handles[h.number] = h
	if d, err = h.configure(m, now, seed); err != nil {
		delete(h.rt.handles, h.number)
		_ = m.SessionFree(h.number)
		return d, err
	}
	h.rt.sessions[h] = true
	return d, nil
}

func (h *handle) configure(m *machine, now core.Now, seed uint64) (core.Decision, error) {
	for _, s := range h.settings {
		if err := m.SessionOption(h.number, s.Option, s.Value); err != nil {
			return core.Decision{}, refused(err)
		}
	}
	d, err := m.SessionOpen(h.number, now, seed)
	if err != nil {
		return d, refused(err)
	}
	h.snapshot, err = m.SessionSnapshot(h.number)
	return d, err
}

// refused names the option as the core does.
func refused(err error) error {
	if r := result(0); errors.As(err, &r) && r < abi.ErrOptionValue {
		return &core.OptionError{Option: core.Option(abi.ErrOptionValue - r)}
	}
	return err
}

func poisoned(err error) bool {
	return errors.Is(err, result(abi.ErrPanic)) || errors.Is(err, result(abi.ErrPoisoned))
}

// revive replaces a handle that a fault has poisoned.
func (h *handle) revive() error {
	delete(h.rt.handles, h.number)
	if err := h.rt.machine.SessionFree(h.number); err != nil {
		return err
	}
	return h.restore()
}

// restore goes on from the last snapshot.
func (h *handle) restore() error {
	return h.host.Restore(func(now core.Now) (d core.Decision, err error) {
		h.rt.opening = h
		defer func() { h.rt.opening = nil }()
		if h.number, d, err = h.rt.machine.SessionRestore(h.snapshot, now, rand.Uint64()); err == nil {
			h.rt.handles[h.number] = h
		}
		return d, err
	})
}

// Close ends the session in the module and gives the handle back. What its state was
// then, Status tells from then on.
func (h *handle) Close() (core.Decision, error) {
	d, err := h.event(func(m *machine) (core.Decision, error) { return m.SessionClose(h.number) })
	if h.last != nil {
		return d, err
	}
	final, now := map[core.Field]int64{}, h.host.Clock()
	for _, f := range words.Fields {
		if value, err := h.Status(f.Field, now); err == nil {
			final[f.Field] = value
		}
	}
	h.final, h.snapshot = final, nil
	h.last = &core.Decision{
		Kind: core.Error, Code: core.CodeClosed, Void: 1, Epoch: d.Epoch, LeaseElapsed: core.Never, LeaseWall: core.Never,
		Expiry: core.Never, Deadline: core.Never, RetryAt: core.Never, StartDeadline: core.Never, NextWake: core.Never,
	}
	delete(h.rt.handles, h.number)
	delete(h.rt.sessions, h)
	if err != nil {
		return *h.last, err
	}
	return d, h.rt.machine.SessionFree(h.number)
}

func (h *handle) Status(field core.Field, now core.Now) (value int64, err error) {
	if h.final != nil {
		return h.final[field], nil
	}
	err = h.rt.again(h, func() (err error) {
		value, err = h.rt.machine.SessionStatus(h.number, field, now)
		return err
	})
	return value, err
}

// The events, as host.Machine has them.

func (h *handle) Ask(now core.Now, need core.Need) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.Ask(h.number, now, need) })
}

func (h *handle) Answer(ticket int64, now core.Now, need core.Need, forced bool) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.Answer(h.number, ticket, now, need, forced) })
}

func (h *handle) Leave(now core.Now, need core.Need) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.Leave(h.number, now, need) })
}

func (h *handle) Complete(ticket int64, now core.Now, facts core.Facts) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.Complete(h.number, ticket, now, facts) })
}

func (h *handle) Fail(ticket int64, now core.Now, class core.Class, reason core.Code, retryAfter int64) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) {
		return m.Fail(h.number, ticket, now, class, reason, retryAfter)
	})
}

func (h *handle) Abandon(ticket int64, now core.Now) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.Abandon(h.number, ticket, now) })
}

func (h *handle) Prompted(ticket int64, now core.Now) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.Prompted(h.number, ticket, now) })
}

func (h *handle) Invalidate(fingerprint uint64, now core.Now) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.Invalidate(h.number, fingerprint, now) })
}

func (h *handle) Force(now core.Now) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.Force(h.number, now) })
}

func (h *handle) Wake(now core.Now) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.Wake(h.number, now) })
}

// The answers of a store, as host.Machine has them.

func (h *handle) ShareFound(call int64, now core.Now, found core.Found) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.ShareFound(h.number, call, now, found) })
}

func (h *handle) ShareLed(call int64, now core.Now, number int64, won bool, left int64) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.ShareLed(h.number, call, now, number, won, left) })
}

func (h *handle) ShareDone(call int64, now core.Now, stored bool) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.ShareDone(h.number, call, now, stored) })
}

func (h *handle) ShareFailed(call int64, now core.Now, why core.StoreFailure) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.ShareFailed(h.number, call, now, why) })
}

func (h *handle) ShareHint(now core.Now) (core.Decision, error) {
	return h.event(func(m *machine) (core.Decision, error) { return m.ShareHint(h.number, now) })
}
