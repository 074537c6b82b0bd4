package abi

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

const (
	wall0 = int64(1_700_000_000_000)
	hour  = int64(3_600_000)
)

// silent is a host without host functions.
type silent struct{}

func (silent) RefreshBegin(int32, int64, int32, int32) {}
func (silent) RefreshCancel(int32, int64)              {}

// open gives a library with one open session.
func open(t *testing.T, host Host) (*Library, int32) {
	t.Helper()
	l := New(host)
	return l, openIn(t, l)
}

func openIn(t *testing.T, l *Library) int32 {
	t.Helper()
	s := l.SessionNew()
	var d core.Decision
	want(t, "session_open", l.SessionOpen(s, wall0, 0, 42, &d), 0)
	return s
}

// fetch has a session hold a set that lives an hour from elapsed on, and
// gives its ticket.
func fetch(t *testing.T, l *Library, s int32, elapsed int64) int64 {
	t.Helper()
	var d core.Decision
	want(t, "force", l.Force(s, wall0+elapsed, elapsed, &d), 0)
	ticket := d.Started
	want(t, "complete", l.Complete(s, ticket, wall0+elapsed, elapsed, wall0+elapsed+hour, 7, 0, 0, &d), 0)
	if d.Notes&core.NoteInstalled == 0 {
		t.Fatalf("not installed: %+v", d)
	}
	return ticket
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
