package core_test

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

func TestInvalidate(t *testing.T) {
	h := holding(t, options{}, hour)
	set, epoch := h.status(core.StatusSet), h.status(core.StatusEpoch)
	if d := h.s.Invalidate(77, h.now); d.Notes != core.NoteInvalidateIgnored || d.Epoch != epoch {
		t.Errorf("another set: %+v", d)
	}
	h.pass(2 * minute)
	if d := h.reject(); d.Notes != core.NoteRejected || d.Epoch != epoch+1 {
		t.Errorf("%+v", d)
	}
	if d := h.reject(); d.Notes != core.NoteInvalidateIgnored || d.Epoch != epoch+1 {
		t.Errorf("again: %+v", d)
	}
	d := h.ask()
	if h.expect(d, core.Refresh); d.StartCause != core.CauseRejected {
		t.Errorf("cause %d", d.StartCause)
	}
	h.give(30 * minute) // a shorter set is progress here
	if d := h.answer(h.flight); d.Kind != core.Serve || d.Set == set {
		t.Errorf("%+v", d)
	}
}

// A flight under way counts, if it brings another set.
func TestInvalidateDuringAFlight(t *testing.T) {
	h := holding(t, options{}, hour)
	h.until(800 * second)
	h.expect(h.ask(), core.ServeAndRefresh)
	h.reject()
	h.expect(h.ask(), core.Wait)
	h.complete(core.Facts{Expiry: h.now.Wall + hour, Fingerprint: h.prints})
	h.expectError(h.answer(h.flight), core.CodeStillRejected)
	h.expect(h.ask(), core.Refresh)
}

// Invalidate marks before anything else is due: the flight that times out in
// this very instant fails with nothing to serve.
func TestInvalidateMarksFirst(t *testing.T) {
	h := holding(t, options{core.OptStability: float64(core.UntilExpiry)}, hour)
	h.until(600 * second)
	h.ask()
	h.pass(minute)
	if d := h.reject(); d.Settled != h.flight || d.Notes&core.NoteDegraded != 0 {
		t.Errorf("%+v", d)
	}
	h.expectError(h.answer(h.flight), core.CodeTimedOut)
}

// The attempt after a rejection passes a hold-off, once per set. Later attempts heed the
// hold-off that it leaves, even if it had none to pass.
func TestRejectionPassesOneHoldOff(t *testing.T) {
	for _, heldOff := range []bool{true, false} {
		h := holding(t, strict, hour)
		h.until(600 * second)
		if heldOff {
			h.ask()
			h.fail(core.Permanent)
			h.expectError(h.ask(), core.CodeSource)
		}
		h.reject()
		h.expect(h.ask(), core.Refresh)
		h.fail(core.Permanent)
		h.expectError(h.ask(), core.CodeSource)
		h.pass(5 * second)
		h.expect(h.ask(), core.Refresh)
	}
}

// Not so under "aws2026".
func TestAWS2026RejectionHeedsTheHoldOff(t *testing.T) {
	h := holding(t, options{core.OptPolicy: float64(core.AWS2026)}, hour)
	h.until(-second)
	h.ask()
	h.fail(core.Recoverable)
	h.pass(minute)
	h.reject()
	d := h.ask()
	if d.Kind != core.Serve || d.Flags&core.HeldOff == 0 {
		t.Errorf("%+v", d)
	}
	h.pass(d.LeaseElapsed - h.now.Elapsed)
	h.expect(h.ask(), core.Refresh)
}

func TestStillRejectedKnowsTheLastEight(t *testing.T) {
	h := holding(t, options{}, hour)
	for range 9 {
		h.pass(2 * minute)
		h.reject()
		h.expect(h.ask(), core.Refresh)
		h.give(hour)
	}
	h.pass(2 * minute)
	h.expect(h.force(), core.Refresh)
	for fingerprint := uint64(9); fingerprint >= 2; fingerprint-- {
		h.complete(core.Facts{Expiry: h.now.Wall + 2*hour, Fingerprint: fingerprint})
		h.expectError(h.s.Answer(h.flight, h.now, core.Need{}, true), core.CodeStillRejected)
		h.force()
	}
	h.expectNote(h.complete(core.Facts{Expiry: h.now.Wall + 2*hour, Fingerprint: 1}), core.NoteInstalled)
}

// A client with another fault rejects every set at once: no fetch loop.
func TestQuickRejectionsAreSpaced(t *testing.T) {
	h := holding(t, options{}, hour)
	h.pass(minute - 1)
	if d := h.reject(); d.Notes&core.NoteSpaced != 0 { // once may be chance
		t.Fatalf("%+v", d)
	}
	h.expect(h.ask(), core.Refresh)
	h.give(hour)
	for _, span := range []int64{5, 10, 20, 40, 80, 160, 300, 300, 300} {
		h.expectNote(h.reject(), core.NoteSpaced)
		d := h.ask()
		h.expectError(d, core.CodeRejected)
		if d.RetryAt != h.now.Elapsed+span*second {
			t.Fatalf("spaced by %d, want %d s", d.RetryAt-h.now.Elapsed, span)
		}
		h.pass(span*second - 1)
		h.expectError(h.ask(), core.CodeRejected)
		h.pass(1)
		h.expect(h.ask(), core.Refresh)
		h.give(hour)
	}
	h.pass(minute) // a set that lasted ends the row
	if d := h.reject(); d.Notes&core.NoteSpaced != 0 {
		t.Errorf("%+v", d)
	}
	h.expect(h.ask(), core.Refresh)
	h.give(hour)
	if d := h.reject(); d.Notes&core.NoteSpaced != 0 { // the first of a new one
		t.Errorf("%+v", d)
	}
}

// An eager session replaces a rejected set with nobody asking.
func TestRejectedSetOfAnEagerSession(t *testing.T) {
	h := holding(t, options{core.OptDeferRefresh: 0}, hour)
	h.until(30 * minute)
	if d := h.reject(); d.StartCause != core.CauseIdle {
		t.Errorf("%+v", d)
	}
}

func TestSpacedEagerSession(t *testing.T) {
	h := holding(t, options{core.OptDeferRefresh: 0}, hour)
	starts := h.status(core.StatusStarts)
	for h.now.Elapsed < 24*hour { // an idle host, and a service that rejects everything
		if h.reject(); h.status(core.StatusFlight) == 0 {
			h.pass(h.s.Wake(h.now).NextWake - h.now.Elapsed)
			h.wake()
		}
		h.give(hour)
	}
	if n := h.status(core.StatusStarts) - starts; n > 24*hour/(5*minute)+20 {
		t.Errorf("%d fetches a day", n)
	}
}
