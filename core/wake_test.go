package core_test

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

// eagerDay lets a day pass with nobody asking, and a source that does as said.
func eagerDay(h *host, source func()) (wakes int) {
	h.t.Helper()
	next := h.wake().NextWake
	for end := h.now.Elapsed + 24*hour; h.now.Elapsed < end; wakes++ {
		if h.status(core.StatusFlight) != 0 {
			source()
			next = h.s.Wake(h.now).NextWake
		}
		if next == core.Never {
			h.t.Fatal("an eager session sleeps for ever")
		}
		if next < h.now.Elapsed || wakes > 5000 {
			h.t.Fatalf("busy: wake %d at %d, %d wakes", next, h.now.Elapsed, wakes)
		}
		h.pass(next - h.now.Elapsed)
		d := h.wake()
		if d.NextWake <= h.now.Elapsed && d.Started == 0 && d.Cancelled == 0 {
			h.t.Fatalf("woken without progress: %+v", d)
		}
		next = d.NextWake
	}
	return wakes
}

// Nobody asks, and the source fails all day: the attempts are bounded by the
// advisory ladder, which ends at one in 150 to 300 s.
func TestFailingDay(t *testing.T) {
	const most = 24*hour/(150*second) + 30
	for policy := core.Classic; policy <= core.AWS2026; policy++ {
		for _, class := range []core.Class{core.Recoverable, core.Permanent, core.Throttled} {
			for _, held := range []bool{true, false} {
				for _, silent := range []bool{true, false} {
					h := open(t, options{
						core.OptPolicy: float64(policy), core.OptDeferRefresh: 0, core.OptAdvisoryRefresh: float64(core.Background),
					})
					if held {
						h.give(hour)
					}
					eagerDay(h, func() {
						if !silent {
							h.fail(class)
						}
					})
					if n := h.status(core.StatusStarts); n > most || n < 60 {
						t.Errorf("policy %d, class %d, held %v, silent %v: %d attempts", policy, class, held, silent, n)
					}
				}
			}
		}
	}
}

// A source without anything newer is not hammered either.
func TestDayWithoutProgress(t *testing.T) {
	h := open(t, options{core.OptDeferRefresh: 0, core.OptAdvisoryTimeout: 43000, core.OptMandatoryTimeout: 0})
	expiry := h.now.Wall + 25*hour
	eagerDay(h, func() { h.complete(core.Facts{Expiry: expiry, Fingerprint: 1}) })
	if n := h.status(core.StatusStarts); n > 24*hour/(150*second)+30 {
		t.Errorf("%d attempts", n)
	}
}

// While the source is healthy no caller of an eager session meets the blocking
// path, and each fetch is at least half a life after the last.
func TestEagerStaysFresh(t *testing.T) {
	for _, life := range []int64{100 * second, 900 * second, hour, 12 * hour} {
		h := open(t, options{core.OptDeferRefresh: 0})
		if h.opened.StartCause != core.CauseIdle {
			t.Fatalf("%+v", h.opened)
		}
		eagerDay(h, func() { h.give(life); h.expect(h.ask(), core.Serve) })
		if n := h.status(core.StatusStarts); n > 24*hour/(life/2)+2 {
			t.Errorf("life %d: %d fetches a day", life, n)
		}
	}
}

// Sets that live for a moment: due at once, and yet the host is not kept busy.
func TestEagerWithTinySets(t *testing.T) {
	h := open(t, options{core.OptDeferRefresh: 0, core.OptRefreshTimeout: 1})
	for range 100 {
		d := h.give(10)
		within(t, "next wake", d.NextWake-h.now.Elapsed, second, minute)
		h.pass(d.NextWake - h.now.Elapsed)
		h.wake()
	}
}

// Hosts that freeze between calls run eager refreshes at the next Ask.
func TestEagerInline(t *testing.T) {
	h := open(t, options{core.OptDeferRefresh: 0, core.OptAdvisoryRefresh: 1})
	if h.opened.Started == 0 {
		t.Fatal("nothing was fetched at Open")
	}
	if d := h.give(hour); d.NextWake != core.Never {
		t.Errorf("next wake %d", d.NextWake)
	}
	h.until(900 * second)
	if d := h.wake(); d.Started != 0 {
		t.Errorf("%+v", d)
	}
	d := h.ask()
	if h.expect(d, core.RefreshInline); d.Deadline != h.now.Elapsed+minute {
		t.Errorf("%+v", d)
	}
}

func TestDeferredSleeps(t *testing.T) {
	h := open(t, options{})
	if h.opened.Started != 0 || h.opened.NextWake != core.Never {
		t.Errorf("%+v", h.opened)
	}
	if d := h.ask(); d.NextWake != d.Deadline {
		t.Errorf("%+v", d)
	}
	if d := h.give(hour); d.NextWake != core.Never {
		t.Errorf("%+v", d)
	}
	for _, span := range []int64{0, hour, 100 * hour} { // late, early, repeated
		h.pass(span)
		if d := h.wake(); d.Started != 0 || d.Notes != 0 {
			t.Errorf("%+v", d)
		}
	}
}

// With every timer lost and a silent host, each waiter is answered at the
// deadline, by coming for it.
func TestWaitersNeedNoTimer(t *testing.T) {
	h := open(t, options{})
	h.ask()
	for range 5 {
		h.expect(h.ask(), core.Wait)
	}
	h.pass(minute - 1)
	d := h.answer(h.flight)
	if h.expect(d, core.Wait); d.Deadline != h.now.Elapsed+1 {
		t.Errorf("%+v", d)
	}
	h.pass(1)
	for range 6 {
		h.expectError(h.answer(h.flight), core.CodeTimedOut)
	}
	h.expectStatus(core.StatusTimeOuts, 1)
}
