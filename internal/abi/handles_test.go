package abi

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

func TestFreedHandlesAreRefused(t *testing.T) {
	l, s := open(t, silent{})
	want(t, "free", l.SessionFree(s), 0)
	var d core.Decision
	want(t, "ask", l.Ask(s, wall0, 0, 0, 0, 0, 0, &d), ErrHandle)
	want(t, "free again", l.SessionFree(s), ErrHandle)
}

func TestStrangersHandlesAreRefused(t *testing.T) {
	l, _ := open(t, silent{})
	for _, h := range []int32{0, -1, 1 << 30, -1 << 31, 1<<31 - 1} {
		want(t, "stranger", l.SessionFree(h), ErrHandle)
	}
}

// A number comes back only after very many others.
func TestHandlesAreNotReusedSoon(t *testing.T) {
	l := New(silent{})
	seen := map[int32]bool{}
	for range 20 * leastFree {
		h := l.SessionNew()
		if h <= 0 || seen[h] {
			t.Fatalf("handle %d", h)
		}
		seen[h] = true
		want(t, "free", l.SessionFree(h), 0)
	}
	if n := len(l.handles.entries); n > leastFree+1 {
		t.Errorf("%d places for one open handle at a time", n)
	}
}

func TestGenerationsWrapAround(t *testing.T) {
	l := New(silent{})
	for range leastFree + 1 {
		l.handles.entries = append(l.handles.entries, &entry{})
		l.handles.release(int32(len(l.handles.entries) - 1))
	}
	e := l.handles.entries[0]
	e.handle = mostGenerated << indexBits
	want(t, "handle", l.SessionNew(), 1<<indexBits)
}

func TestTheTableIsBounded(t *testing.T) {
	l := New(silent{})
	for range mostHandles {
		if h := l.SessionNew(); h <= 0 {
			t.Fatalf("handle %d", h)
		}
	}
	want(t, "one more", l.SessionNew(), ErrHandles)
	want(t, "free", l.SessionFree(1<<indexBits|5), 0)
	if h := l.SessionNew(); h <= 0 {
		t.Fatalf("after a free: %d", h)
	}
}

// A panic poisons its own handle and nothing else.
func TestAPanicPoisonsItsHandle(t *testing.T) {
	l, s := open(t, silent{})
	other := openIn(t, l)
	want(t, "panic", l.handles.withSession(s, func(*entry) int32 { panic("on purpose") }), ErrPanic)
	var d core.Decision
	want(t, "ask", l.Ask(s, wall0, 0, 0, 0, 0, 0, &d), ErrPoisoned)
	want(t, "status", l.SessionStatus(s, wall0, 0, 1), ErrPoisoned)
	want(t, "snapshot", l.SessionSnapshot(s, make([]byte, 2000), 0), ErrPoisoned)
	want(t, "the other", l.Ask(other, wall0, 0, 0, 0, 0, 0, &d), 0)
	want(t, "free", l.SessionFree(s), 0)
	want(t, "free again", l.SessionFree(s), ErrHandle)
	want(t, "rule", guardRule(func() int64 { panic("on purpose") }), ErrPanic)
}
