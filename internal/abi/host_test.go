package abi

import (
	"strings"
	"testing"

	"github.com/evercreds/evercreds/core"
)

// reentrant completes each flight before the call that started it returns.
type reentrant struct {
	t         *testing.T
	library   *Library
	begun     []int64
	cancelled []int64
	method    int32
	cause     core.Cause
}

func (r *reentrant) RefreshBegin(session int32, ticket int64, method, cause int32) {
	r.begun, r.method, r.cause = append(r.begun, ticket), method, core.Cause(cause)
	want(r.t, "flight", r.library.SessionStatus(session, wall0, 0, int32(core.StatusFlight)), ticket)
	var d core.Decision
	want(r.t, "complete", r.library.Complete(session, ticket, wall0, 0, wall0+hour, 7, 0, 0, &d), 0)
	want(r.t, "settled", d.Settled, ticket)
}

func (r *reentrant) RefreshCancel(_ int32, ticket int64) { r.cancelled = append(r.cancelled, ticket) }

func TestAHostFunctionMayCompleteItsFlight(t *testing.T) {
	host := &reentrant{t: t}
	l, s := open(t, host)
	host.library = l
	var d core.Decision
	want(t, "ask", l.Ask(s, wall0, 0, 0, 0, 0, 0, &d), 0)
	// The caller's decision is the one that was made before the host ran.
	want(t, "kind", d.Kind, core.Refresh)
	want(t, "begun", host.begun[0], d.Started)
	want(t, "method", host.method, int32(core.MethodSTS))
	want(t, "cause", host.cause, core.CauseFirst)
	want(t, "answer", l.Answer(s, d.Ticket, wall0, 0, 0, 0, 0, 0, 0, &d), 0)
	want(t, "kind of the answer", d.Kind, core.Serve)
	want(t, "set", d.Set, host.begun[0])
}

// recorder only notes what it was told.
type recorder struct{ begun, cancelled []int64 }

func (r *recorder) RefreshBegin(_ int32, ticket int64, _, _ int32) { r.begun = append(r.begun, ticket) }
func (r *recorder) RefreshCancel(_ int32, ticket int64)            { r.cancelled = append(r.cancelled, ticket) }

func TestHostHearsOfTimeOuts(t *testing.T) {
	host := &recorder{}
	l, s := open(t, host)
	var d core.Decision
	want(t, "ask", l.Ask(s, wall0, 0, 0, 0, 0, 0, &d), 0)
	want(t, "wake", l.Wake(s, wall0, d.Deadline, &d), 0)
	want(t, "cancelled", len(host.cancelled), 1)
	want(t, "ticket", host.cancelled[0], host.begun[0])
}

func TestCloseTellsAndFreeDoesNot(t *testing.T) {
	host := &recorder{}
	l, s := open(t, host)
	other := openIn(t, l)
	var d core.Decision
	want(t, "ask", l.Ask(s, wall0, 0, 0, 0, 0, 0, &d), 0)
	want(t, "ask the other", l.Ask(other, wall0, 0, 0, 0, 0, 0, &d), 0)
	want(t, "close", l.SessionClose(s, &d), 0)
	want(t, "cancelled by close", len(host.cancelled), 1)
	want(t, "free", l.SessionFree(other), 0)
	want(t, "cancelled by free", len(host.cancelled), 1)
}

// An eager session starts its first flight at open, and a restored one that is
// due starts its next at restore; the host hears of it by the same handle that
// the call returns.
func TestOpenAndRestoreTellTheHost(t *testing.T) {
	host := &recorder{}
	l := New(host)
	s := l.SessionNew()
	want(t, "eager", l.SessionOption(s, int32(core.OptDeferRefresh), 0), 0)
	var d core.Decision
	want(t, "open", l.SessionOpen(s, wall0, 0, 1, &d), 0)
	want(t, "begun", len(host.begun), 1)
	b := make([]byte, core.SnapshotBytes)
	n := l.SessionSnapshot(s, b, 0)
	if r := l.SessionRestore(b[:n], wall0+hour, hour, 2, &d); r <= 0 {
		t.Fatalf("restore: %d", r)
	}
	want(t, "begun by restore", len(host.begun), 2)
	want(t, "ticket", host.begun[1], d.Started)
}

// ender ends the session that it is told of, in one of the two functions.
type ender struct {
	end     func(session int32)
	inBegin bool
	told    []string
}

func (e *ender) RefreshBegin(session int32, _ int64, _, _ int32) {
	e.told = append(e.told, "begin")
	if e.inBegin {
		e.end(session)
	}
}

func (e *ender) RefreshCancel(session int32, _ int64) {
	e.told = append(e.told, "cancel")
	if !e.inBegin {
		e.end(session)
	}
}

// A session may be closed and freed within what it tells. The outer call gives
// its decision all the same, and the next one says what became of the session.
func TestAHostFunctionMayEndItsSession(t *testing.T) {
	for _, test := range []struct {
		name          string
		inBegin, free bool
		told          string
	}{
		{"close in begin", true, false, "begin cancel"},
		{"free in begin", true, true, "begin"},
		{"close in cancel", false, false, "begin cancel"},
		{"free in cancel", false, true, "begin cancel"},
	} {
		t.Run(test.name, func(t *testing.T) {
			host := &ender{inBegin: test.inBegin}
			l, s := open(t, host)
			host.end = func(session int32) {
				var d core.Decision
				if test.free {
					want(t, "free", l.SessionFree(session), 0)
					return
				}
				want(t, "close", l.SessionClose(session, &d), 0)
				want(t, "code of close", d.Code, core.CodeClosed)
			}
			var d core.Decision
			want(t, "ask", l.Ask(s, wall0, 0, 0, 0, 0, 0, &d), 0)
			want(t, "kind", d.Kind, core.Refresh)
			ticket := d.Ticket
			if !test.inBegin {
				want(t, "wake", l.Wake(s, wall0, d.Deadline, &d), 0)
				want(t, "cancelled", d.Cancelled, ticket)
			}
			if test.free {
				want(t, "answer", l.Answer(s, ticket, wall0, 0, 0, 0, 0, 0, 0, &d), ErrHandle)
			} else {
				want(t, "answer", l.Answer(s, ticket, wall0, 0, 0, 0, 0, 0, 0, &d), 0)
				want(t, "code", d.Code, core.CodeClosed)
			}
			want(t, "told", strings.Join(host.told, " "), test.told)
		})
	}
}
