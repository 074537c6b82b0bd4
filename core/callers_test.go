package core_test

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

// Attempts that prompt a person start when somebody waits, and not by
// themselves; the source's time starts when the person has answered.
func TestAttended(t *testing.T) {
	h := open(t, options{core.OptAttended: 1, core.OptDeferRefresh: 0})
	if h.opened.Started != 0 || h.opened.NextWake != core.Never {
		t.Errorf("Open prompts: %+v", h.opened)
	}
	d := h.ask()
	if h.expect(d, core.Refresh); d.Deadline != h.now.Elapsed+15*minute {
		t.Errorf("%+v", d)
	}
	h.pass(10 * minute)
	d = h.s.Prompted(h.flight, h.now)
	if d.NextWake != h.now.Elapsed+minute {
		t.Errorf("after the prompt: %+v", d)
	}
	h.pass(second)
	d = h.complete(core.Facts{Expiry: h.now.Wall + hour, Fingerprint: 1, ServerTime: h.now.Wall})
	if d.NextWake != core.Never {
		t.Errorf("next wake %d", d.NextWake)
	}
	h.expectStatus(core.StatusRemaining, hour-second) // anchored where the person had answered
	h.until(900 * second)
	d = h.ask()
	if d.Kind != core.Serve || d.Started != 0 || d.LeaseElapsed != h.now.Elapsed+300*second {
		t.Errorf("advisory window: %+v", d)
	}
	h.until(600 * second)
	h.expect(h.ask(), core.Refresh)
}

func TestAttendedIsNotPromptedWhileServedOn(t *testing.T) {
	h := holding(t, options{core.OptAttended: 1, core.OptStability: float64(core.UntilExpiry)}, hour)
	h.until(600 * second)
	h.expect(h.ask(), core.Refresh)
	h.fail(core.Recoverable)
	h.pass(minute)
	if d := h.ask(); d.Kind != core.Serve || d.Started != 0 {
		t.Errorf("%+v", d)
	}
	h.until(0)
	h.expect(h.ask(), core.Refresh)
}

func TestUnansweredPromptTimesOut(t *testing.T) {
	h := open(t, options{core.OptAttended: 1})
	h.ask()
	h.pass(15*minute - 1)
	h.expect(h.answer(h.flight), core.Wait)
	h.pass(1)
	h.expectError(h.answer(h.flight), core.CodeTimedOut)
}

func TestMinTTL(t *testing.T) {
	h := holding(t, options{}, hour)
	h.pass(10 * minute)
	h.expect(h.askFor(50*minute), core.Serve)
	h.expectError(h.askFor(hour+1), core.CodeMinTTL) // no set is so long: no fetch
	h.expectStatus(core.StatusFlight, 0)
	d := h.askFor(50*minute + 1)
	if h.expect(d, core.Refresh); d.StartCause != core.CauseMinTTL {
		t.Errorf("cause %d", d.StartCause)
	}
	h.expect(h.ask(), core.Serve) // nobody else waits
	h.expect(h.askFor(55*minute), core.Wait)
	h.give(51 * minute)
	ticket := h.flight
	h.expect(h.s.Answer(ticket, h.now, core.Need{MinTTL: 50*minute + 1}, false), core.Serve)
	h.expectError(h.s.Answer(ticket, h.now, core.Need{MinTTL: 55 * minute}, false), core.CodeMinTTL)
}

func TestMinTTLOfAnEmptySession(t *testing.T) {
	h := open(t, options{})
	h.expect(h.askFor(2*hour), core.Refresh)
	h.give(hour)
	h.expectError(h.s.Answer(h.flight, h.now, core.Need{MinTTL: 2 * hour}, false), core.CodeMinTTL)
	h.expect(h.s.Answer(h.flight, h.now, core.Need{}, false), core.Serve)
}

func TestMinTTLTurnsAnAdvisoryFlightRequired(t *testing.T) {
	h := holding(t, options{}, hour)
	h.until(800 * second)
	h.expect(h.ask(), core.ServeAndRefresh)
	h.expect(h.askFor(850*second), core.Wait)
	h.expectNote(h.fail(core.Recoverable), core.NoteFailed)
	h.expectError(h.s.Answer(h.flight, h.now, core.Need{MinTTL: 850 * second}, false), core.CodeSource)
	h.expect(h.answer(h.flight), core.Serve) // it has a set for those who need less
}

func TestMinTTLWhileThereIsNoProgress(t *testing.T) {
	h := holding(t, options{}, hour)
	h.until(800 * second)
	h.askFor(850 * second)
	h.complete(core.Facts{Expiry: h.now.Wall + 800*second, Fingerprint: 1})
	h.expectError(h.s.Answer(h.flight, h.now, core.Need{MinTTL: 850 * second}, false), core.CodeMinTTL)
	d := h.askFor(850 * second)
	h.expectError(d, core.CodeMinTTL)
	within(t, "retry", d.RetryAt-h.now.Elapsed, 2500, 5000)
}

// Force starts one flight for the user, past any hold-off; only the user sees it fail.
func TestForce(t *testing.T) {
	h := holding(t, options{}, hour)
	epoch := h.status(core.StatusEpoch)
	d := h.force()
	if h.expect(d, core.Refresh); d.StartCause != core.CauseForced || d.Epoch != epoch+1 {
		t.Errorf("%+v", d)
	}
	h.expect(h.ask(), core.Serve)
	h.expect(h.force(), core.Wait)
	h.fail(core.Permanent)
	h.expectError(h.s.Answer(h.flight, h.now, core.Need{}, true), core.CodeSource)
	h.expect(h.ask(), core.Serve)
	h.expect(h.force(), core.Refresh) // in spite of the error that is cached
	h.give(30 * minute)               // and a shorter set counts
	h.expect(h.s.Answer(h.flight, h.now, core.Need{}, true), core.Serve)
	h.expectStatus(core.StatusLifetime, 30*minute)
}

func TestForceJoinsAnAdvisoryFlight(t *testing.T) {
	h := holding(t, options{}, hour)
	h.until(800 * second)
	h.expect(h.ask(), core.ServeAndRefresh)
	h.expect(h.force(), core.Wait)
	h.expectNote(h.fail(core.Recoverable), core.NoteFailed)
	h.expectError(h.s.Answer(h.flight, h.now, core.Need{}, true), core.CodeSource)
	h.expect(h.ask(), core.Serve)
}

// The forcing caller waits for its own flight, though a late answer has come for
// all others.
func TestForceWaitsForItsOwnFlight(t *testing.T) {
	h := open(t, options{})
	h.ask()
	first := timedOut(h)
	h.expect(h.force(), core.Refresh)
	h.expect(h.ask(), core.Wait)
	h.lateReply(first, hour)
	h.expect(h.answer(h.flight), core.Serve)
	h.expect(h.s.Answer(h.flight, h.now, core.Need{}, true), core.Wait)
	h.give(2 * hour)
	if d := h.s.Answer(h.flight, h.now, core.Need{}, true); d.Kind != core.Serve || d.Set != h.flight {
		t.Errorf("%+v", d)
	}
}

// A waiter that comes when the next flight has brought a set gets that, not the
// failure of its own.
func TestWaiterOfAFailedFlightGetsANewerSet(t *testing.T) {
	h := open(t, options{})
	h.ask()
	first := h.flight
	h.fail(core.Recoverable)
	h.ask()
	h.give(hour)
	h.expect(h.answer(first), core.Serve)
}

func TestForceOfAnEmptySession(t *testing.T) {
	h := open(t, options{})
	h.expect(h.force(), core.Refresh)
	h.expect(h.ask(), core.Wait)
	h.give(hour)
	h.expect(h.answer(h.flight), core.Serve)
}

// Close answers everybody, and nothing works after it.
func TestClose(t *testing.T) {
	h := open(t, options{core.OptDeferRefresh: 0})
	h.expect(h.ask(), core.Wait)
	d := h.s.Close()
	if d.Settled != h.flight || d.Cancelled != h.flight || d.NextWake != core.Never {
		t.Errorf("%+v", d)
	}
	for name, d := range map[string]core.Decision{
		"ask": h.ask(), "answer": h.answer(h.flight), "complete": h.give(hour), "fail": h.fail(core.Recoverable),
		"abandon": h.s.Abandon(h.flight, h.now), "prompted": h.s.Prompted(h.flight, h.now), "reject": h.reject(),
		"force": h.force(), "wake": h.wake(), "close": h.s.Close(),
	} {
		if d.Kind != core.Error || d.Code != core.CodeClosed || d.Started != 0 || d.NextWake != core.Never {
			t.Errorf("%s: %+v", name, d)
		}
	}
	h.expectStatus(core.StatusIsClosed, 1)
	h.expectStatus(core.StatusSet, 0)
}

// An outcome is kept for waiters that come late. Waiters that come much later are
// answered from the held set, and never with the error of an attempt that they did not
// need.
func TestVeryLateWaiter(t *testing.T) {
	h := open(t, options{})
	h.ask()
	first := h.flight
	h.give(hour)
	h.until(900 * second)
	failQuietly(h, 1)
	h.until(-second)
	h.expectError(h.answer(first), core.CodeExpiredReply)
	h.expectError(h.s.Answer(12345, h.now, core.Need{}, false), core.CodeExpiredReply)
	h.ask()
	h.give(hour)
	h.expect(h.s.Answer(12345, h.now, core.Need{}, false), core.Serve)
}
