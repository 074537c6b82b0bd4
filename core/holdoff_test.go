package core_test

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

// spread drives many seeds and checks that the hold-off after the n-th failure
// is drawn from all of [least, most].
func spread(t *testing.T, least, most int64, holdOff func(seed uint64) int64) {
	t.Helper()
	low, high := core.Never, int64(-1)
	for seed := range uint64(200) {
		span := holdOff(seed)
		low, high = min(low, span), max(high, span)
	}
	within(t, "shortest", low, least, least+(most-least)/20)
	within(t, "longest", high, most-(most-least)/20, most)
}

// failQuietly lets n advisory attempts fail, each as soon as it may start.
func failQuietly(h *host, n int) {
	for i := range n {
		if i > 0 {
			h.pass(h.status(core.StatusHoldOff))
		}
		h.expect(h.ask(), core.ServeAndRefresh)
		h.fail(core.Recoverable)
	}
}

func TestAdvisoryLadder(t *testing.T) {
	for failures, step := range map[int]int64{1: 5, 2: 10, 3: 20, 4: 40, 5: 80, 6: 160, 7: 300, 8: 300, 30: 300} {
		spread(t, step*second/2, step*second, func(seed uint64) int64 {
			h := openSeed(t, options{core.OptAdvisoryTimeout: 38000}, seed)
			h.ask()
			h.give(12 * hour)
			h.until(38000 * second)
			failQuietly(h, failures)
			return h.status(core.StatusHoldOff)
		})
	}
}

func TestAdvisoryLadderTakesAnyClass(t *testing.T) {
	for _, c := range []core.Class{core.Recoverable, core.Permanent} {
		h := holding(t, options{}, hour)
		h.until(900 * second)
		h.expect(h.ask(), core.ServeAndRefresh)
		h.fail(c)
		within(t, "hold-off", h.status(core.StatusHoldOff), 2500, 5000)
		if d := h.ask(); d.Kind != core.Serve || d.Flags != core.HeldOff {
			t.Errorf("class %d: %+v", c, d)
		}
	}
}

// The hold-off never passes half the time to the mandatory window, is at least 2 s, and
// leaves the last 10 s free, whenever the next Ask comes.
func TestAdvisoryLadderNearMandatory(t *testing.T) {
	for seed := range uint64(100) {
		h := openSeed(t, options{core.OptAdvisoryTimeout: 3000, core.OptMandatoryTimeout: 600}, seed)
		h.ask()
		h.give(hour)
		h.until(3000 * second)
		for h.status(core.StatusPhase) == int64(core.PhaseAdvisory) {
			left := h.status(core.StatusRemaining) - 600*second
			d := h.ask()
			if d.Kind != core.ServeAndRefresh {
				t.Fatalf("%d before Mandatory: %+v", left, d)
			}
			if left < 10*second {
				t.Fatalf("an attempt %d before Mandatory", left)
			}
			h.fail(core.Recoverable)
			held := h.status(core.StatusHoldOff)
			if held != left { // else the rest is too short for another
				within(t, "hold-off", held, 2*second, left/2)
			}
			h.pass(held)
		}
		h.expectStatus(core.StatusRemaining, 600*second)
		h.expect(h.ask(), core.Refresh)
	}
}

func TestNoAdvisoryRetryInTheLastTenSeconds(t *testing.T) {
	h := holding(t, options{core.OptDeferRefresh: 0}, hour)
	h.until(900 * second)
	h.wake()
	h.fail(core.Recoverable)
	h.until(609 * second) // the hold-off is long over
	d := h.ask()
	if d.Kind != core.Serve || d.Started != 0 || d.LeaseElapsed != h.now.Elapsed+9*second {
		t.Errorf("9 s before Mandatory: %+v", d)
	}
	if d.NextWake != h.now.Elapsed+9*second {
		t.Errorf("next wake in %d", d.NextWake-h.now.Elapsed)
	}

	h = holding(t, options{core.OptDeferRefresh: 0}, hour) // at least 2 s, with nobody waiting
	h.until(601 * second)
	h.wake()
	h.fail(core.Recoverable)
	h.expectStatus(core.StatusHoldOff, 2*second)

	h = holding(t, options{}, hour) // a first attempt may start at any time
	h.until(609 * second)
	h.expect(h.ask(), core.ServeAndRefresh)
}

// The advisory ladder and its error do not concern callers that must wait.
func TestAdvisoryFailureDoesNotDelayRequiredAttempts(t *testing.T) {
	h := holding(t, options{}, hour)
	h.until(612 * second)
	h.ask()
	h.failAfter(core.Throttled, minute)
	h.expect(h.askFor(650*second), core.Refresh)
	h.fail(core.Recoverable)
	h.until(600 * second)
	h.expect(h.ask(), core.Refresh)
}

func TestMandatoryLadder(t *testing.T) {
	for _, held := range []bool{true, false} {
		for failures, step := range map[int]int64{2: 200, 3: 400, 4: 800, 5: 1600, 6: 3200, 7: 5000, 8: 5000, 40: 5000} {
			spread(t, step/2, step, func(seed uint64) int64 {
				h := openSeed(t, strict, seed)
				if held {
					h.ask()
					h.give(12 * hour)
					h.until(600 * second)
				}
				return failRequired(h, failures)
			})
		}
	}
}

// failRequired lets n required attempts fail, and gives the last hold-off.
func failRequired(h *host, n int) (held int64) {
	h.t.Helper()
	for i := range n {
		h.pass(held)
		if i > 1 { // it is exact: a moment earlier callers get the error that is kept
			h.pass(-1)
			h.expectError(h.s.Ask(h.now, core.Need{}), core.CodeSource)
			h.pass(1)
		}
		h.expect(h.ask(), core.Refresh)
		ticket := h.flight
		h.fail(core.Recoverable)
		d := h.answer(ticket)
		h.expectError(d, core.CodeSource)
		held = d.RetryAt - h.now.Elapsed
	}
	return held
}

func TestFirstMandatoryFailureLetsARetryThrough(t *testing.T) {
	h := open(t, options{})
	if held := failRequired(h, 1); held != 0 {
		t.Errorf("held off for %d", held)
	}
	h.expect(h.ask(), core.Refresh)
}

// The 10,000th failure behaves like the 10th.
func TestTenThousandFailures(t *testing.T) {
	for _, stability := range []core.Stability{core.Strict, core.UntilExpiry, core.Static} {
		h := open(t, options{core.OptStability: float64(stability), core.OptDeferRefresh: 0})
		for range 10_000 {
			h.expect(h.s.Force(h.now), core.Wait) // each joins the flight under way
			h.fail(core.Recoverable)
			within(t, "idle hold-off", h.status(core.StatusHoldOff), 1, 300*second)
			h.pass(h.status(core.StatusHoldOff))
			h.wake()
		}
		h.expect(h.ask(), core.Wait)
		h.fail(core.Recoverable)
		d := h.ask()
		h.expectError(d, core.CodeSource)
		within(t, "hold-off", d.RetryAt-h.now.Elapsed, 2500, 5000)
	}
}

func TestPermanentErrorIsCached(t *testing.T) {
	spread(t, second, 5*second, func(seed uint64) int64 {
		h := openSeed(t, options{}, seed)
		h.ask()
		h.fail(core.Permanent)
		d := h.ask()
		h.expectError(d, core.CodeSource)
		if d.Class != core.Permanent || d.ErrorTicket != h.flight {
			t.Fatalf("%+v", d)
		}
		held := d.RetryAt - h.now.Elapsed
		h.pass(held - 1)
		h.expectError(h.ask(), core.CodeSource)
		h.pass(1)
		h.expect(h.ask(), core.Refresh)
		return held
	})
}

// 300 to 600 s after each failure, without growth, in every phase.
func TestStaticHoldOff(t *testing.T) {
	for _, left := range []int64{800 * second, 300 * second, -hour} {
		for _, failures := range []int{1, 2, 50} {
			spread(t, 300*second, 600*second, func(seed uint64) int64 {
				h := openSeed(t, options{core.OptStability: float64(core.Static)}, seed)
				h.ask()
				h.give(12 * hour)
				h.pass(12*hour - left)
				for range failures {
					h.pass(h.status(core.StatusHoldOff))
					h.ask()
					h.fail(core.Recoverable)
				}
				return h.status(core.StatusHoldOff)
			})
		}
	}
}

func TestStaticHoldOffEndsAtMaxStale(t *testing.T) {
	h := holding(t, options{core.OptStability: float64(core.Static), core.OptMaxStale: 60}, hour)
	h.until(100 * second)
	h.ask()
	h.fail(core.Recoverable)
	h.expectStatus(core.StatusHoldOff, 160*second)
	h.pass(159 * second)
	if d := h.ask(); d.Kind != core.Serve || d.Flags&core.Expired == 0 || d.LeaseElapsed != h.now.Elapsed+second {
		t.Errorf("%+v", d)
	}
	h.pass(second)
	h.expect(h.ask(), core.Refresh)
	h.fail(core.Recoverable)
	h.expectError(h.answer(h.flight), core.CodeSource)
}

// A pause that the source asks for is a floor for each ladder, of a minute at
// most; throttling without one counts as a second.
func TestPauses(t *testing.T) {
	for _, c := range []struct {
		class       core.Class
		pause       int64
		least, most int64
	}{
		{core.Recoverable, 0, 0, 0},
		{core.Recoverable, -hour, 0, 0},
		{core.Recoverable, 3 * second, 3 * second, 3 * second},
		{core.Recoverable, 1 << 62, minute, minute},
		{core.Throttled, 0, second, second},
		{core.Throttled, 30 * second, 30 * second, 30 * second},
		{core.Throttled, hour, minute, minute},
		{core.Permanent, 20 * second, 20 * second, 20 * second},
	} {
		h := open(t, options{})
		h.ask()
		h.failAfter(c.class, c.pause)
		d := h.answer(h.flight)
		h.expectError(d, core.CodeSource)
		within(t, "required", d.RetryAt-h.now.Elapsed, c.least, c.most)

		h = holding(t, options{}, hour)
		h.until(900 * second)
		h.ask()
		h.failAfter(c.class, c.pause)
		within(t, "advisory", h.status(core.StatusHoldOff), max(c.least, 2500), max(c.most, 5000))
	}
}

func TestSuccessEndsStaticHoldOff(t *testing.T) {
	h := holding(t, options{core.OptStability: float64(core.Static), core.OptMandatoryTimeout: 900}, hour)
	h.until(900 * second)
	h.ask()
	h.fail(core.Recoverable)
	h.force()
	h.give(1100 * second)
	h.until(900 * second) // long before the 300 to 600 s are over
	h.expect(h.ask(), core.Refresh)
}

// A pause that was asked for stands, though an attempt that went past it fails.
func TestPauseIsNotShortened(t *testing.T) {
	h := holding(t, options{}, hour)
	h.until(900 * second)
	h.ask()
	h.failAfter(core.Throttled, minute)
	h.expect(h.askFor(1000*second), core.Refresh)
	h.fail(core.Recoverable)
	h.expectStatus(core.StatusHoldOff, minute)

	h = open(t, options{})
	h.ask()
	h.failAfter(core.Throttled, minute)
	h.force()
	h.fail(core.Recoverable)
	d := h.ask()
	h.expectError(d, core.CodeSource)
	within(t, "retry", d.RetryAt-h.now.Elapsed, minute, minute)
}

func TestSuccessResetsEachLadder(t *testing.T) {
	h := holding(t, strict, hour)
	h.until(900 * second)
	failQuietly(h, 3)
	h.until(600 * second)
	failRequired(h, 4)
	h.pass(5 * second)
	h.ask()
	h.give(hour)
	h.expectStatus(core.StatusHoldOff, 0)
	h.until(900 * second)
	failQuietly(h, 1)
	within(t, "advisory", h.status(core.StatusHoldOff), 2500, 5000)
	h.until(600 * second)
	if held := failRequired(h, 1); held != 0 {
		t.Errorf("required: %d", held)
	}
}
