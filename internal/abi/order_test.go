package abi

import (
	"math"
	"testing"

	"github.com/evercreds/evercreds/core"
)

func TestEventsBeforeOpenAreRefused(t *testing.T) {
	l := New(silent{})
	s := l.SessionNew()
	var d core.Decision
	for name, got := range map[string]int32{
		"ask":        l.Ask(s, wall0, 0, 0, 0, 0, 0, &d),
		"answer":     l.Answer(s, 1, wall0, 0, 0, 0, 0, 0, 0, &d),
		"complete":   l.Complete(s, 1, wall0, 0, wall0+hour, 7, 0, 0, &d),
		"fail":       l.Fail(s, 1, wall0, 0, 1, 1, 0, &d),
		"abandon":    l.Abandon(s, 1, wall0, 0, &d),
		"prompted":   l.Prompted(s, 1, wall0, 0, &d),
		"invalidate": l.Invalidate(s, 7, wall0, 0, &d),
		"force":      l.Force(s, wall0, 0, &d),
		"wake":       l.Wake(s, wall0, 0, &d),
		"close":      l.SessionClose(s, &d),
		"snapshot":   l.SessionSnapshot(s, make([]byte, core.SnapshotBytes), 0),
		"status":     int32(l.SessionStatus(s, wall0, 0, 1)),
	} {
		want(t, name, got, ErrState)
	}
	want(t, "decision", d, core.Decision{})
}

func TestOptionsAreForBeforeOpen(t *testing.T) {
	l, s := open(t, silent{})
	var d core.Decision
	want(t, "option", l.SessionOption(s, int32(core.OptJitter), 1), ErrState)
	want(t, "open", l.SessionOpen(s, wall0, 0, 1, &d), ErrState)
}

// A refused option is named, and the session still takes a better one.
func TestRefusedOptionsAreNamed(t *testing.T) {
	l := New(silent{})
	s := l.SessionNew()
	for o := core.OptPolicy; o <= lastOption; o++ {
		for _, bad := range []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1), 1e300} {
			want(t, core.OptionRule(o), l.SessionOption(s, int32(o), bad), ErrOptionValue-int32(o))
		}
	}
	want(t, "option 0", l.SessionOption(s, 0, 1), ErrOption)
	want(t, "option behind the last", l.SessionOption(s, int32(lastOption)+1, 1), ErrOption)

	var d core.Decision
	want(t, "advisory", l.SessionOption(s, int32(core.OptAdvisoryTimeout), 100), 0)
	want(t, "mandatory", l.SessionOption(s, int32(core.OptMandatoryTimeout), 200), 0)
	want(t, "open", l.SessionOpen(s, wall0, 0, 1, &d), ErrOptionValue-int32(core.OptMandatoryTimeout))
	want(t, "mandatory again", l.SessionOption(s, int32(core.OptMandatoryTimeout), 50), 0)
	want(t, "open again", l.SessionOpen(s, wall0, 0, 1, &d), 0)
}

func TestClosedSessionSaysSo(t *testing.T) {
	l, s := open(t, silent{})
	var d core.Decision
	want(t, "close", l.SessionClose(s, &d), 0)
	want(t, "ask", l.Ask(s, wall0, 0, 0, 0, 0, 0, &d), 0)
	want(t, "kind", d.Kind, core.Error)
	want(t, "code", d.Code, core.CodeClosed)
	want(t, "status", l.SessionStatus(s, wall0, 0, int32(core.StatusIsClosed)), 1)
	want(t, "free", l.SessionFree(s), 0)
}

func TestASnapshotGoesOnInAnotherLibrary(t *testing.T) {
	l, s := open(t, silent{})
	ticket := fetch(t, l, s, 0)
	b := make([]byte, core.SnapshotBytes)
	want(t, "too small", l.SessionSnapshot(s, b[:10:10], 0), ErrCapacity)
	n := l.SessionSnapshot(s, b, 0)
	if n <= 0 {
		t.Fatalf("snapshot: %d", n)
	}
	other := New(silent{})
	var d core.Decision
	restored := other.SessionRestore(b[:n], wall0, 5, 43, &d)
	want(t, "set", other.SessionStatus(restored, wall0, 5, int32(core.StatusSet)), ticket)

	b[n-1] ^= 1
	want(t, "damaged", other.SessionRestore(b[:n], wall0, 5, 43, &d), ErrSnapshot)
	b[0] ^= 2 // the version stands first
	want(t, "other version", other.SessionRestore(b[:n], wall0, 5, 43, &d), ErrSnapshotVersion)
	want(t, "empty", other.SessionRestore(nil, wall0, 5, 43, &d), ErrSnapshot)
}
