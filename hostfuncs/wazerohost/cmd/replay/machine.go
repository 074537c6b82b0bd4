package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evercreds/evercreds/abi"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs/wazerohost"
	"github.com/evercreds/evercreds/internal/trace"
)

// machine is a scenario's view of one instance: one session and one cache.
type machine struct {
	m       *wazerohost.Machine
	calls   calls
	session int32
	cache   int32
	err     error // the first that no scenario speaks of, as a trap
}

var _ trace.Machine = (*machine)(nil)

// calls records what the module told its host during a call: it must be what
// the decision says.
type calls struct{ started, cancelled int64 }

func (c *calls) RefreshBegin(_ int32, ticket int64, _, _ int32) { c.started = ticket }
func (c *calls) RefreshCancel(_ int32, ticket int64)            { c.cancelled = ticket }

func newMachine(ctx context.Context, rt *wazerohost.Runtime) (*machine, error) {
	m := &machine{}
	var err error
	m.m, err = rt.Machine(ctx, &m.calls)
	return m, err
}

// note keeps an error that no scenario speaks of.
func (m *machine) note(err error) {
	if m.err == nil {
		m.err = err
	}
}

// decided compares what the host functions were told with the decision.
func (m *machine) decided(d core.Decision, err error) core.Decision {
	told := m.calls
	m.calls = calls{}
	if err == nil && (told.started != d.Started || told.cancelled != d.Cancelled) {
		err = fmt.Errorf("the host functions were told %+v, and the decision is %+v", told, d)
	}
	if err != nil {
		m.note(err)
	}
	return d
}

// refusal turns a result into what scenarios write for it.
func refusal(err error) error {
	var r wazerohost.Result
	if !errors.As(err, &r) {
		return err
	}
	if r < abi.ErrOptionValue {
		return &core.OptionError{Option: core.Option(abi.ErrOptionValue - r)}
	}
	for _, c := range abi.Codes {
		if c.Value == int64(r) {
			return trace.Refusal(strings.ToLower(strings.TrimPrefix(c.Name, "ERR_")))
		}
	}
	return err
}

func (m *machine) Open(options []trace.Option, now core.Now, seed uint64) (core.Decision, error) {
	s, err := m.m.SessionNew()
	if err != nil {
		return core.Decision{}, err
	}
	for _, o := range options {
		if err := m.m.SessionOption(s, o.Option, o.Value); err != nil {
			return core.Decision{}, refusal(err)
		}
	}
	d, err := m.m.SessionOpen(s, now, seed)
	if err != nil {
		return d, refusal(err)
	}
	m.session = s
	return m.decided(d, nil), nil
}

func (m *machine) Restore(snapshot []byte, now core.Now, seed uint64) (core.Decision, error) {
	s, d, err := m.m.SessionRestore(snapshot, now, seed)
	if err != nil {
		return d, refusal(err)
	}
	m.session = s
	return m.decided(d, nil), nil
}

func (m *machine) Snapshot() ([]byte, error) { return m.m.SessionSnapshot(m.session) }

func (m *machine) Status(field core.Field, now core.Now) int64 {
	v, err := m.m.SessionStatus(m.session, field, now)
	if err != nil {
		m.note(err)
	}
	return v
}

func (m *machine) Ask(now core.Now, need core.Need) core.Decision {
	return m.decided(m.m.Ask(m.session, now, need))
}

func (m *machine) Answer(ticket int64, now core.Now, need core.Need, forced bool) core.Decision {
	return m.decided(m.m.Answer(m.session, ticket, now, need, forced))
}

func (m *machine) Leave(now core.Now, need core.Need) core.Decision {
	return m.decided(m.m.Leave(m.session, now, need))
}

func (m *machine) Complete(ticket int64, now core.Now, facts core.Facts) core.Decision {
	return m.decided(m.m.Complete(m.session, ticket, now, facts))
}

func (m *machine) Fail(ticket int64, now core.Now, class core.Class, reason core.Code, retryAfter int64) core.Decision {
	return m.decided(m.m.Fail(m.session, ticket, now, class, reason, retryAfter))
}

func (m *machine) Abandon(ticket int64, now core.Now) core.Decision {
	return m.decided(m.m.Abandon(m.session, ticket, now))
}

func (m *machine) Prompted(ticket int64, now core.Now) core.Decision {
	return m.decided(m.m.Prompted(m.session, ticket, now))
}

func (m *machine) Invalidate(fingerprint uint64, now core.Now) core.Decision {
	return m.decided(m.m.Invalidate(m.session, fingerprint, now))
}

func (m *machine) Force(now core.Now) core.Decision { return m.decided(m.m.Force(m.session, now)) }
func (m *machine) Wake(now core.Now) core.Decision  { return m.decided(m.m.Wake(m.session, now)) }
func (m *machine) Close() core.Decision             { return m.decided(m.m.SessionClose(m.session)) }
