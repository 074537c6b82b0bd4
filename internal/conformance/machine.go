package main

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi"
	"github.com/evercreds/evercreds/internal/trace"
)

// remote is a machine on the other side of an executor: docs/reference/conformance.md has its
// protocol. What it refuses is kept until the runner asks for it, since events give
// decisions alone.
type remote struct {
	say     func(line string) (string, error)
	session int64
	refused error
}

// free gives back what the scenario has left.
func (m *remote) free() {
	if m.session != 0 {
		_, _, _ = m.call("session_free", m.session)
	}
}

// Refused gives what was refused since it was asked last.
func (m *remote) Refused() error {
	err := m.refused
	m.refused = nil
	return err
}

// The arguments of a call. Plain numbers are written as they are.
func hash(v uint64) string { return "h:" + strconv.FormatUint(v, 10) }
func bytesOf(b []byte) string {
	return "b:" + hex.EncodeToString(b)
}

// call makes one call, and gives its result and the words behind it.
func (m *remote) call(name string, args ...any) (int64, []string, error) {
	line := name
	for _, a := range args {
		line += fmt.Sprintf(" %v", a)
	}
	answer, err := m.say(line)
	if err != nil {
		return 0, nil, err
	}
	words := strings.Fields(answer)
	if len(words) == 0 {
		return 0, nil, fmt.Errorf("%s: no result", name)
	}
	result, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		return 0, nil, fmt.Errorf("%s: %q is no result", name, answer)
	}
	return int64(result), words[1:], refusal(int64(result))
}

// refusal is what a result below zero says.
func refusal(result int64) error {
	if result < abi.ErrOptionValue {
		return &core.OptionError{Option: core.Option(abi.ErrOptionValue - result)}
	}
	for _, c := range abi.Codes {
		if c.Value == result && result < 0 {
			return trace.Refusal(strings.ToLower(strings.TrimPrefix(c.Name, "ERR_")))
		}
	}
	return nil
}

// number makes a call that gives a number alone. A refusal is kept.
func (m *remote) number(name string, args ...any) int64 {
	result, _, err := m.call(name, args...)
	if err != nil && m.refused == nil {
		m.refused = err
	}
	return result
}

// decided makes a call that gives a decision.
func (m *remote) decided(name string, args ...any) core.Decision {
	_, d, err := m.opened(name, args...)
	if err != nil && m.refused == nil {
		m.refused = err
	}
	return d
}

// opened makes a call that gives a handle, or 0, and a decision.
func (m *remote) opened(name string, args ...any) (int64, core.Decision, error) {
	result, words, err := m.call(name, append(args, "o")...)
	if err != nil {
		return result, core.Decision{}, err
	}
	if len(words) < abi.SlotCount {
		return result, core.Decision{}, fmt.Errorf("%s: a decision of %d slots", name, len(words))
	}
	v := make([]int64, abi.SlotCount)
	for i := range v {
		number, err := strconv.ParseFloat(words[i], 64)
		if err != nil {
			return result, core.Decision{}, fmt.Errorf("%s: slot %d is %q", name, i, words[i])
		}
		v[i] = int64(number)
	}
	return result, decisionOf(v), nil
}

// decisionOf takes a decision from its slots.
func decisionOf(slots []int64) core.Decision {
	var d core.Decision
	for i, slot := range abi.Slots {
		reflect.ValueOf(&d).Elem().FieldByName(slot.Field).SetInt(slots[i])
	}
	return d
}

// Open implements trace.Machine.
func (m *remote) Open(options []trace.Option, now core.Now, seed uint64) (core.Decision, error) {
	made, _, err := m.call("session_new")
	if err != nil {
		return core.Decision{}, err
	}
	for _, o := range options {
		if _, _, err = m.call("session_option", made, int(o.Option), o.Value); err != nil {
			break
		}
	}
	var d core.Decision
	if err == nil {
		_, d, err = m.opened("session_open", made, now.Wall, now.Elapsed, hash(seed))
	}
	if err != nil {
		m.number("session_free", made)
		return d, err
	}
	m.become(made)
	return d, nil
}

func (m *remote) become(session int64) {
	if m.session != 0 {
		m.number("session_free", m.session)
	}
	m.session = session
}

// Restore implements trace.Machine.
func (m *remote) Restore(snapshot []byte, now core.Now, seed uint64) (core.Decision, error) {
	handle, d, err := m.opened("session_restore", bytesOf(snapshot), now.Wall, now.Elapsed, hash(seed))
	if err == nil {
		m.become(handle)
	}
	return d, err
}

// Snapshot implements trace.Machine.
func (m *remote) Snapshot() ([]byte, error) {
	_, words, err := m.call("session_snapshot", m.session, "w:")
	if err != nil || len(words) != 1 {
		return nil, fmt.Errorf("session_snapshot: %w %v", err, words)
	}
	return hex.DecodeString(words[0])
}

// Status implements trace.Machine.
func (m *remote) Status(field core.Field, now core.Now) int64 {
	return m.number("session_status", m.session, now.Wall, now.Elapsed, int(field))
}

// Ask implements trace.Machine.
func (m *remote) Ask(now core.Now, n core.Need) core.Decision {
	return m.decided("ask", m.session, now.Wall, now.Elapsed, n.MinTTL, hash(n.Other), int(n.Evidence), n.Until)
}

// Answer implements trace.Machine.
func (m *remote) Answer(ticket int64, now core.Now, n core.Need, forced bool) core.Decision {
	return m.decided("answer", m.session, ticket, now.Wall, now.Elapsed, n.MinTTL, hash(n.Other), int(n.Evidence), n.Until, truth(forced))
}

// Leave implements trace.Machine.
func (m *remote) Leave(now core.Now, n core.Need) core.Decision {
	return m.decided("leave", m.session, now.Wall, now.Elapsed, n.MinTTL, hash(n.Other), int(n.Evidence))
}

// Complete implements trace.Machine.
func (m *remote) Complete(ticket int64, now core.Now, f core.Facts) core.Decision {
	return m.decided("complete", m.session, ticket, now.Wall, now.Elapsed, f.Expiry, hash(f.Fingerprint), f.Duration, f.ServerTime)
}

// Fail implements trace.Machine.
func (m *remote) Fail(ticket int64, now core.Now, class core.Class, reason core.Code, retryAfter int64) core.Decision {
	return m.decided("fail", m.session, ticket, now.Wall, now.Elapsed, int(class), int(reason), retryAfter)
}

// Abandon implements trace.Machine.
func (m *remote) Abandon(ticket int64, now core.Now) core.Decision {
	return m.decided("abandon", m.session, ticket, now.Wall, now.Elapsed)
}

// Prompted implements trace.Machine.
func (m *remote) Prompted(ticket int64, now core.Now) core.Decision {
	return m.decided("prompted", m.session, ticket, now.Wall, now.Elapsed)
}

// Invalidate implements trace.Machine.
func (m *remote) Invalidate(fingerprint uint64, now core.Now) core.Decision {
	return m.decided("invalidate", m.session, hash(fingerprint), now.Wall, now.Elapsed)
}

// Force implements trace.Machine.
func (m *remote) Force(now core.Now) core.Decision {
	return m.decided("force", m.session, now.Wall, now.Elapsed)
}

// Wake implements trace.Machine.
func (m *remote) Wake(now core.Now) core.Decision {
	return m.decided("wake", m.session, now.Wall, now.Elapsed)
}

// Close implements trace.Machine.
func (m *remote) Close() core.Decision { return m.decided("session_close", m.session) }

// ShareFound implements trace.Machine.
func (m *remote) ShareFound(call int64, now core.Now, f core.Found) core.Decision {
	return m.decided("share_found", m.session, call, now.Wall, now.Elapsed, f.Expiry, hash(f.Fingerprint), f.Life, f.Left, f.Generation,
		hash(f.Replaces), f.Turn, f.TurnLeft, f.Notice, f.NoticeLeft)
}

// ShareLed implements trace.Machine.
func (m *remote) ShareLed(call int64, now core.Now, number int64, won bool, left int64) core.Decision {
	return m.decided("share_led", m.session, call, now.Wall, now.Elapsed, number, truth(won), left)
}

// ShareDone implements trace.Machine.
func (m *remote) ShareDone(call int64, now core.Now, stored bool) core.Decision {
	return m.decided("share_done", m.session, call, now.Wall, now.Elapsed, truth(stored))
}

// ShareFailed implements trace.Machine.
func (m *remote) ShareFailed(call int64, now core.Now, reason core.StoreFailure) core.Decision {
	return m.decided("share_failed", m.session, call, now.Wall, now.Elapsed, int(reason))
}

// ShareHint implements trace.Machine.
func (m *remote) ShareHint(now core.Now) core.Decision {
	return m.decided("share_hint", m.session, now.Wall, now.Elapsed)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
