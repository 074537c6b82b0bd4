package core_test

import (
	"fmt"
	"testing"

	"github.com/evercreds/evercreds/core"
)

var stabilities = []core.Stability{core.Strict, core.UntilExpiry, core.Static}

// The outcome for waiters of a failed mandatory flight, by stability, phase and class:
// the table of section 6.
func TestStability(t *testing.T) {
	const failed, degraded, expired = core.FlightFailed, core.Degraded, core.Expired
	type row struct{ strict, untilExpiry, static core.Flag } // 0: the one error
	for phase, row := range map[core.Phase]map[core.Class]row{
		core.PhaseMandatory: {
			core.Recoverable: {0, failed | degraded, failed | degraded},
			core.Throttled:   {0, failed | degraded, failed | degraded},
			core.Permanent:   {0, failed | degraded, 0},
		},
		core.PhaseExpired: {
			core.Recoverable: {0, 0, failed | degraded | expired},
			core.Throttled:   {0, 0, failed | degraded | expired},
			core.Permanent:   {},
		},
		core.PhaseEmpty: {core.Recoverable: {}, core.Throttled: {}, core.Permanent: {}},
	} {
		for class, want := range row {
			for i, flags := range []core.Flag{want.strict, want.untilExpiry, want.static} {
				t.Run(fmt.Sprintf("stability %d, phase %d, class %d", i, phase, class), func(t *testing.T) {
					checkStability(t, stabilities[i], phase, class, flags)
				})
			}
		}
	}
}

func checkStability(t *testing.T, stability core.Stability, phase core.Phase, class core.Class, want core.Flag) {
	h := open(t, options{core.OptStability: float64(stability)})
	if phase != core.PhaseEmpty {
		h.ask()
		h.give(hour)
		h.until(map[core.Phase]int64{core.PhaseMandatory: 300 * second, core.PhaseExpired: -minute}[phase])
	}
	h.expect(h.ask(), core.Refresh)
	ticket := h.flight
	for range 3 {
		h.expect(h.ask(), core.Wait)
	}
	d := h.fail(class)
	if d.Settled != ticket {
		t.Fatalf("settled %d", d.Settled)
	}
	if noted := d.Notes&core.NoteDegraded != 0; noted != (want != 0) {
		t.Errorf("noted as degraded: %v", noted)
	}
	for range 4 { // all get the one outcome, and none of them contacts the source
		d := h.answer(ticket)
		if want == 0 {
			h.expectError(d, core.CodeSource)
			if d.ErrorTicket != ticket || (d.Class == core.Permanent) != (class == core.Permanent) {
				t.Errorf("%+v", d)
			}
		} else if h.expect(d, core.Serve); d.Flags != want {
			t.Errorf("flags %b, want %b", d.Flags, want)
		}
		if d.Started != 0 {
			t.Error("an answer has started a flight")
		}
	}
}

// From the first failure on nobody waits for the source, until the expiry.
func TestUntilExpiryNobodyWaitsTwice(t *testing.T) {
	h := holding(t, options{core.OptStability: float64(core.UntilExpiry)}, hour)
	h.until(500 * second)
	h.expect(h.ask(), core.Refresh)
	h.pass(minute) // the source hangs, and is never heard of again
	d := h.answer(h.flight)
	if h.expect(d, core.Serve); d.Cancelled != h.flight {
		t.Fatalf("%+v", d)
	}
	h.expect(h.ask(), core.ServeAndRefresh)
	if d := h.ask(); d.Kind != core.Serve || d.Flags != core.Degraded || d.LeaseElapsed != h.now.Elapsed+minute {
		t.Errorf("while the flight is under way: %+v", d)
	}
	for range 20 { // a failure leaves the ladder of required attempts
		h.fail(core.Recoverable)
		within(t, "hold-off", h.status(core.StatusHoldOff), 0, 5*second)
		d := h.ask()
		if d.Kind != core.Serve || d.Flags&core.HeldOff == 0 {
			t.Fatalf("held off: %+v", d)
		}
		h.pass(d.LeaseElapsed - h.now.Elapsed)
		h.expect(h.ask(), core.ServeAndRefresh)
	}
	h.fail(core.Recoverable)
	h.until(0)
	h.expect(h.ask(), core.Refresh)
	h.give(hour)
	if d := h.answer(h.flight); d.Kind != core.Serve || d.Flags != 0 {
		t.Errorf("after a success: %+v", d)
	}
	h.expectStatus(core.StatusDegraded, 0)
	h.until(500 * second)
	h.expect(h.ask(), core.Refresh)
}

// A permanent error also delays the attempts for a set that stays in use.
func TestPermanentErrorWhileServedOn(t *testing.T) {
	spread(t, second, 5*second, func(seed uint64) int64 {
		h := openSeed(t, options{core.OptStability: float64(core.UntilExpiry)}, seed)
		h.ask()
		h.give(hour)
		h.until(500 * second)
		h.ask()
		h.fail(core.Recoverable)
		h.expect(h.ask(), core.ServeAndRefresh)
		h.fail(core.Permanent)
		return h.status(core.StatusHoldOff)
	})
}

// Callers that did not have to wait never see a failure.
func TestAdvisoryFailureIsNeverShown(t *testing.T) {
	for _, stability := range stabilities {
		for _, class := range []core.Class{core.Recoverable, core.Permanent, core.Throttled} {
			for inline, kind := range []core.Kind{core.ServeAndRefresh, core.RefreshInline} {
				h := holding(t, options{core.OptStability: float64(stability), core.OptAdvisoryRefresh: float64(inline)}, hour)
				h.until(900 * second)
				h.expect(h.ask(), kind)
				h.expect(h.ask(), core.Serve)
				h.expectNote(h.fail(class), core.NoteFailedQuietly)
				if d := h.answer(h.flight); d.Kind != core.Serve || d.Flags != core.FlightFailed {
					t.Errorf("the one who ran it: %+v", d)
				}
				h.expect(h.ask(), core.Serve)
			}
		}
	}
}

// A required refresh that fails before the mandatory window (for a minTTL, by Force)
// concerns only the callers that asked for it: later callers wait as before.
func TestEarlyFailureDoesNotDegrade(t *testing.T) {
	for _, force := range []bool{true, false} {
		h := holding(t, options{core.OptStability: float64(core.UntilExpiry)}, hour)
		h.until(2000 * second)
		if force {
			h.force()
		} else {
			h.expect(h.askFor(2500*second), core.Refresh)
		}
		if d := h.fail(core.Recoverable); d.Notes&core.NoteDegraded != 0 {
			t.Error("noted as degraded")
		}
		h.expectStatus(core.StatusDegraded, 0)
		h.until(600 * second)
		h.expect(h.ask(), core.Refresh)
	}
}

// A permanent error is shown for seconds, though the hold-off of an earlier
// failure has minutes to go.
func TestPermanentErrorEndsStaticHoldOff(t *testing.T) {
	h := holding(t, options{core.OptStability: float64(core.Static)}, hour)
	h.until(500 * second)
	h.ask()
	h.fail(core.Recoverable)
	h.expect(h.ask(), core.Serve)
	h.force()
	h.fail(core.Permanent)
	h.expectError(h.ask(), core.CodeSource)
	h.pass(5 * second)
	h.expect(h.ask(), core.Refresh)
}

// In the hold-off of "static" a caller that needs more time gets that error, not the
// error of an attempt that nobody waited for.
func TestStaticHoldOffAndMinTTL(t *testing.T) {
	h := holding(t, options{core.OptStability: float64(core.Static)}, hour)
	h.until(900 * second)
	h.expect(h.ask(), core.ServeAndRefresh)
	h.fail(core.Recoverable)
	h.expectError(h.askFor(1000*second), core.CodeMinTTL)
	h.expect(h.askFor(800*second), core.Serve)
}

// The policy "aws2026" shows a permanent error even in the advisory window.
func TestAWS2026ShowsPermanentErrors(t *testing.T) {
	h := holding(t, options{core.OptPolicy: float64(core.AWS2026)}, hour)
	h.until(800 * second)
	h.expect(h.ask(), core.RefreshInline)
	h.fail(core.Permanent)
	h.expectError(h.answer(h.flight), core.CodeSource)
	h.expectError(h.ask(), core.CodeSource)
	h.pass(5 * second)
	h.expect(h.ask(), core.RefreshInline)
	h.fail(core.Recoverable)
	if d := h.answer(h.flight); d.Kind != core.Serve {
		t.Errorf("%+v", d)
	}
}
