package abi

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

func TestFreedHandlesAreRefused(t *testing.T) {
	l, s := open(t, silent{})
	c := l.CacheNew(0, 10)
	want(t, "free session", l.SessionFree(s), 0)
	want(t, "free cache", l.CacheFree(c), 0)
	var d core.Decision
	want(t, "ask", l.Ask(s, wall0, 0, 0, 0, 0, 0, &d), ErrHandle)
	want(t, "free session again", l.SessionFree(s), ErrHandle)
	want(t, "get", l.CacheGet(c, 1), ErrHandle)
	want(t, "free cache again", l.CacheFree(c), ErrHandle)
}

func TestHandlesAreOfOneKind(t *testing.T) {
	l, s := open(t, silent{})
	c := l.CacheNew(1, 10)
	var d core.Decision
	want(t, "ask a cache", l.Ask(c, wall0, 0, 0, 0, 0, 0, &d), ErrHandle)
	want(t, "free a cache as a session", l.SessionFree(c), ErrHandle)
	want(t, "add to a session", l.CacheAdd(s, 1), ErrHandle)
	want(t, "free a session as a cache", l.CacheFree(s), ErrHandle)
	for _, h := range []int32{0, -1, 1 << 30, -1 << 31, 1<<31 - 1} {
		want(t, "stranger", l.SessionFree(h), ErrHandle)
	}
}

// A number comes back only after very many others.
func TestHandlesAreNotReusedSoon(t *testing.T) {
	l := New(silent{})
	seen := map[int32]bool{}
	for range 20 * leastFree {
		h := l.CacheNew(0, 1)
		if h <= 0 || seen[h] {
			t.Fatalf("handle %d", h)
		}
		seen[h] = true
		want(t, "free", l.CacheFree(h), 0)
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
	want(t, "handle", l.CacheNew(0, 1), 1<<indexBits)
}

func TestTheTableIsBounded(t *testing.T) {
	l := New(silent{})
	for range mostHandles {
		if h := l.CacheNew(0, 1); h <= 0 {
			t.Fatalf("handle %d", h)
		}
	}
	want(t, "one more", l.SessionNew(), ErrHandles)
	want(t, "free", l.CacheFree(1<<indexBits|5), 0)
	if h := l.SessionNew(); h <= 0 {
		t.Fatalf("after a free: %d", h)
	}
}

// A panic poisons its own handle and nothing else.
func TestAPanicPoisonsItsHandle(t *testing.T) {
	l, s := open(t, silent{})
	other := openIn(t, l)
	c := l.CacheNew(0, 1)
	want(t, "panic", l.handles.withSession(s, func(*entry) int32 { panic("on purpose") }), ErrPanic)
	want(t, "panic in a cache", l.handles.withCache(c, func(*core.Cache) int32 { panic(nil) }), ErrPanic)
	var d core.Decision
	want(t, "ask", l.Ask(s, wall0, 0, 0, 0, 0, 0, &d), ErrPoisoned)
	want(t, "status", l.SessionStatus(s, wall0, 0, 1), ErrPoisoned)
	want(t, "snapshot", l.SessionSnapshot(s, make([]byte, 2000), 0), ErrPoisoned)
	want(t, "get", l.CacheGet(c, 1), ErrPoisoned)
	want(t, "the other", l.Ask(other, wall0, 0, 0, 0, 0, 0, &d), 0)
	want(t, "free", l.SessionFree(s), 0)
	want(t, "free again", l.SessionFree(s), ErrHandle)
	want(t, "free the cache", l.CacheFree(c), 0)
	want(t, "rule", guardRule(func() int64 { panic("on purpose") }), ErrPanic)
}
