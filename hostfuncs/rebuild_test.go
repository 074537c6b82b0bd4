package hostfuncs

import (
	"context"
	"testing"

	"github.com/evercreds/evercreds"
)

// trap ends the instance of a runtime, as a fault of the Go runtime would.
func trap(t *testing.T, rt *clocked) {
	t.Helper()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if _, err := rt.machine.number("test_fatal"); err == nil {
		t.Fatal("no trap")
	}
}

// After a trap all sessions go on from their snapshots: with what they held, and
// without asking their sources.
func TestSessionsOutliveATrap(t *testing.T) {
	h := &hands{}
	rt := newRuntime(t, modules.panicking, h.now)
	first, second := &source{hands: h}, &source{hands: h}
	a, b := openSession(t, rt, first), openSession(t, rt, second)
	wantKey(t, a, "key-1")
	trap(t, rt)
	if st := b.Status(); st.Installs != 0 || st.Phase != evercreds.PhaseEmpty {
		t.Errorf("the state of a session: %+v", st)
	}
	trap(t, rt)
	a.host.DropLease() // else it would serve on without the machine
	wantKey(t, a, "key-1")
	wantKey(t, b, "key-1")
	if first.count() != 1 || second.count() != 1 {
		t.Errorf("calls of the sources: %d, %d", first.count(), second.count())
	}
	if n := a.Status().Starts; n != 1 {
		t.Errorf("starts: %d", n)
	}
}

// What was rejected before a trap stays so after it: the snapshot is as young as that.
func TestARejectionOutlivesATrap(t *testing.T) {
	h := &hands{}
	rt := newRuntime(t, modules.panicking, h.now)
	src := &source{hands: h}
	s := openSession(t, rt, src)
	creds, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Invalidate(creds)
	trap(t, rt)
	if !s.Status().Rejected {
		t.Error("not rejected any more")
	}
	wantKey(t, s, "key-2")
	if src.count() != 2 {
		t.Errorf("%d calls of the source", src.count())
	}
}

// Whoever waits for a flight that the new instance does not know asks again.
func TestWaitersOutliveATrap(t *testing.T) {
	h := &hands{}
	rt := newRuntime(t, modules.panicking, h.now)
	src := &source{hands: h, gate: make(chan struct{})}
	s := openSession(t, rt, src)
	result := make(chan error)
	go func() { _, err := s.Retrieve(context.Background()); result <- err }()
	wait(t, func() bool { return s.Status().Refreshing })
	trap(t, rt)
	other := openSession(t, rt, &source{hands: h}) // meets the trap
	close(src.gate)
	if err := <-result; err != nil {
		t.Error(err)
	}
	wantKey(t, other, "key-1")
}

func TestAPoisonedSessionGoesOn(t *testing.T) {
	h := &hands{}
	rt := newRuntime(t, modules.panicking, h.now)
	src := &source{hands: h}
	s := openSession(t, rt, src)
	wantKey(t, s, "key-1")
	rt.mu.Lock()
	_, err := rt.machine.number("test_panic", i32(s.handle.number))
	rt.mu.Unlock()
	if !poisoned(err) {
		t.Fatalf("panic: %v", err)
	}
	s.host.DropLease()
	wantKey(t, s, "key-1")
	if src.count() != 1 {
		t.Errorf("%d calls of the source", src.count())
	}
}
