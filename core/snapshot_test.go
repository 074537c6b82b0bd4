package core_test

import (
	"errors"
	"testing"

	"github.com/evercreds/evercreds/core"
)

// restored goes on from a snapshot, as another process would.
func (h *host) restored(b []byte, seed uint64) core.Decision {
	h.t.Helper()
	s, d, err := core.Restore(b, h.now, seed)
	if err != nil {
		h.t.Fatal(err)
	}
	h.s = s
	return h.saw(d)
}

func TestRestoreKeepsHoldOffsAndRejections(t *testing.T) {
	h := holding(t, options{core.OptStability: float64(core.Strict), core.OptAdvisoryTimeout: 700, core.OptMandatoryTimeout: 600}, hour)
	h.until(600 * second)
	failRequired(h, 6)
	ask := func() core.Decision { return h.s.Ask(h.now, core.Need{}) }
	before, epoch := ask(), h.status(core.StatusEpoch)
	h.expectError(before, core.CodeSource)
	h.restored(h.s.AppendSnapshot(nil), 2)
	after := ask()
	if before.Epoch++; after != before || h.status(core.StatusEpoch) != epoch+1 {
		t.Errorf("%+v, not %+v", after, before)
	}
	h.reject()
	h.ask()
	h.give(hour)
	h.restored(h.s.AppendSnapshot(nil), 3)
	h.force()
	h.complete(core.Facts{Expiry: h.now.Wall + 2*hour, Fingerprint: 1})
	h.expectError(h.s.Answer(h.flight, h.now, core.Need{}, true), core.CodeStillRejected)
}

// After a reboot the wall clock replaces the elapsed clock for everything that ran on
// it.
func TestRestoreOnAYoungerClock(t *testing.T) {
	h := holding(t, options{core.OptStability: float64(core.Static)}, hour)
	h.until(500 * second)
	h.ask()
	h.fail(core.Recoverable)
	held := h.status(core.StatusHoldOff)
	b := h.s.AppendSnapshot(nil)
	h.now.Wall += 100 * second
	h.now.Elapsed = 7
	h.restored(b, 2)
	h.expectStatus(core.StatusRemaining, 400*second)
	h.expectStatus(core.StatusHoldOff, held-100*second)
	h.pass(400 * second)
	h.expectStatus(core.StatusPhase, int64(core.PhaseExpired))
}

// The wall clock was set back before the snapshot: the end of the set by the elapsed
// clock outlives the reboot.
func TestRestoreKeepsTheSmallerRemainder(t *testing.T) {
	h := holding(t, options{}, hour)
	h.until(50 * minute)
	h.now.Wall -= 24 * hour
	h.wake()
	b := h.s.AppendSnapshot(nil)
	h.now.Wall += minute
	h.now.Elapsed = 1
	h.restored(b, 2)
	h.expectStatus(core.StatusRemaining, 49*minute)
}

// Leases end, the flight and its waiters do not come along.
func TestRestoreDuringAFlight(t *testing.T) {
	h := holding(t, options{}, hour)
	h.until(600 * second)
	h.ask()
	old := h.flight
	d := h.restored(h.s.AppendSnapshot(nil), 2)
	if d.NextWake != core.Never || d.Started != 0 {
		t.Errorf("%+v", d)
	}
	if d := h.answer(old); d.Kind != core.Serve || d.LeaseElapsed != h.now.Elapsed { // from what is held, once
		t.Errorf("%+v", d)
	}
	h.expect(h.ask(), core.Refresh)
	if h.flight == old {
		t.Error("the ticket was issued again")
	}
	h.expectNote(h.s.Complete(old, h.now, core.Facts{Expiry: h.now.Wall + hour}), core.NoteUnknownTicket)
}

func TestRestoreOfAnEagerSession(t *testing.T) {
	h := holding(t, options{core.OptDeferRefresh: 0}, hour)
	b := h.s.AppendSnapshot(nil)
	h.until(800 * second)
	if d := h.restored(b, 2); d.StartCause != core.CauseIdle {
		t.Errorf("%+v", d)
	}
	h.s.Close()
	h.restored(h.s.AppendSnapshot(nil), 3)
	h.expectError(h.ask(), core.CodeClosed)
	if b := core.New().AppendSnapshot(nil); b != nil {
		t.Errorf("a session that was not opened has a snapshot of %d bytes", len(b))
	}
}

// Old snapshots, restored again and again, even with the seed of the original,
// and a session that runs through its ticket numbers.
func TestTicketsAreNeverReused(t *testing.T) {
	seen := map[int64]bool{}
	h := open(t, options{})
	take := func(n int) {
		for range n {
			h.force()
			if seen[h.flight] || h.flight <= 0 || h.flight >= core.Never {
				t.Fatalf("ticket %d", h.flight)
			}
			seen[h.flight] = true
			h.fail(core.Recoverable)
		}
	}
	take(100)
	b := h.s.AppendSnapshot(nil)
	take(1<<20 + 100)
	for seed := range uint64(1000) {
		h.restored(b, seed+2)
		take(3)
	}
	h.restored(b, 1)
	take(3)
}

func TestRestoreRefusesDamage(t *testing.T) {
	h := holding(t, options{}, hour)
	good := h.s.AppendSnapshot([]byte("prefix"))[6:]
	if len(good) > core.SnapshotBytes {
		t.Errorf("%d bytes", len(good))
	}
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x10
		if _, _, err := core.Restore(bad, h.now, 2); err == nil {
			t.Fatalf("byte %d", i)
		}
	}
	for n := range good {
		if _, _, err := core.Restore(good[:n], h.now, 2); !errors.Is(err, core.ErrSnapshot) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
	if _, _, err := core.Restore(append(good, 0), h.now, 2); !errors.Is(err, core.ErrSnapshot) {
		t.Errorf("one byte more: %v", err)
	}
	other := append([]byte(nil), good...)
	other[0]++
	if _, _, err := core.Restore(other, h.now, 2); !errors.Is(err, core.ErrSnapshotVersion) {
		t.Errorf("another version: %v", err)
	}
}
