package core_test

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

// timedOut lets the latest flight pass its deadline with nobody hearing of it.
func timedOut(h *host) int64 {
	h.t.Helper()
	h.pass(minute)
	if d := h.wake(); d.Cancelled != h.flight || d.Settled != h.flight {
		h.t.Fatalf("not timed out: %+v", d)
	}
	return h.flight
}

func (h *host) lateReply(ticket, life int64) core.Decision {
	h.prints++
	return h.saw(h.s.Complete(ticket, h.now, core.Facts{Expiry: h.now.Wall + life, Fingerprint: h.prints}))
}

func TestLateAnswerIsInstalled(t *testing.T) {
	h := open(t, options{})
	h.ask()
	first := timedOut(h)
	h.expectError(h.answer(first), core.CodeTimedOut)
	h.pass(minute)
	h.expectNote(h.lateReply(first, hour), core.NoteLateInstalled)
	if d := h.ask(); d.Kind != core.Serve || d.Set != first {
		t.Errorf("%+v", d)
	}
	h.expectStatus(core.StatusLastCode, 0)
	h.expectNote(h.lateReply(first, 2*hour), core.NoteUnknownTicket) // once
}

// A late answer also answers the waiters of the next flight, which then continues
// without waiters.
func TestLateAnswerServesTheWaitersOfTheNext(t *testing.T) {
	h := open(t, options{})
	h.ask()
	first := timedOut(h)
	h.expect(h.ask(), core.Refresh)
	next := h.flight
	if d := h.lateReply(first, hour); d.Settled != next {
		t.Errorf("settled %d", d.Settled)
	}
	h.expect(h.answer(next), core.Serve)
	h.expectNote(h.fail(core.Permanent), core.NoteFailedQuietly)
	h.expect(h.ask(), core.Serve)
}

func TestUselessLateAnswer(t *testing.T) {
	for name, reply := range map[string]func(h *host, first int64) core.Decision{
		"a newer set is held": func(h *host, first int64) core.Decision {
			h.ask()
			h.give(hour)
			return h.lateReply(first, 2*hour)
		},
		"expired": func(h *host, first int64) core.Decision { return h.lateReply(first, -second) },
		"a failure": func(h *host, first int64) core.Decision {
			return h.s.Fail(first, h.now, core.Permanent, core.CodeSource, hour)
		},
		"abandoned": func(h *host, first int64) core.Decision { return h.s.Abandon(first, h.now) },
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, options{})
			h.ask()
			first := timedOut(h)
			failures := h.status(core.StatusFailures)
			d := reply(h, first)
			h.expectNote(d, core.NoteLateIgnored)
			h.expectStatus(core.StatusFailures, failures) // counted at the deadline
			if h.status(core.StatusSet) == first {
				t.Error("installed")
			}
		})
	}
}

// A late set that is in its mandatory window already serves the callers that waited.
// Their lease hides the flight under way from nobody.
func TestLateSetInItsMandatoryWindow(t *testing.T) {
	h := open(t, options{core.OptMandatoryTimeout: 1000})
	h.ask()
	first := timedOut(h)
	h.ask()
	next := h.flight
	h.pass(10 * second)
	h.prints++
	h.s.Complete(first, h.now, core.Facts{Expiry: h.now.Wall + 60*second, Fingerprint: h.prints})
	d := h.answer(next)
	if d.Kind != core.Serve || d.LeaseElapsed != h.now.Elapsed {
		t.Errorf("%+v", d)
	}
	h.expect(h.ask(), core.Wait)
}

// At most one timed-out attempt runs beside a new one. With two of them nothing
// starts, until one reports or is written off.
func TestTwoLostAttempts(t *testing.T) {
	for _, reports := range []bool{true, false} {
		h := open(t, options{})
		h.ask()
		first := timedOut(h)
		h.expect(h.ask(), core.Refresh)
		next := timedOut(h)
		d := h.ask()
		h.expectError(d, core.CodeTimedOut)
		if d.ErrorTicket != next || d.RetryAt != h.now.Elapsed+14*minute {
			t.Errorf("%+v", d)
		}
		h.expectError(h.force(), core.CodeTimedOut)
		if reports {
			h.s.Fail(first, h.now, core.Recoverable, core.CodeSource, 0)
			h.pass(second) // what the time-out left as a hold-off
		} else {
			h.pass(14*minute - 1)
			h.expectError(h.ask(), core.CodeTimedOut)
			h.pass(1)
		}
		h.expect(h.ask(), core.Refresh)
	}
}

// Attempts that nobody waits for leave room for one that somebody does.
func TestLostAdvisoryAttemptsLeaveRoom(t *testing.T) {
	for _, o := range []options{
		{core.OptAdvisoryTimeout: 3000, core.OptMandatoryTimeout: 600},
		{core.OptAdvisoryTimeout: 3000, core.OptMandatoryTimeout: 600, core.OptDeferRefresh: 0},
	} {
		h := holding(t, o, hour)
		h.until(3000 * second)
		for h.status(core.StatusPhase) == int64(core.PhaseAdvisory) {
			if d := h.ask(); d.Kind == core.Error || d.Kind == core.Wait {
				t.Fatalf("%+v", d)
			}
			h.pass(10 * second)
		}
		if n := h.status(core.StatusStarts); n < 3 || n > 5 {
			t.Errorf("%d attempts", n)
		}
		if d := h.ask(); d.Kind != core.Refresh && d.Kind != core.Wait {
			t.Errorf("in the mandatory window: %+v", d)
		}
	}
}

// The lease of an advisory set lasts while a lost attempt keeps another one from
// starting. When that reports there is room again, and the lease is void.
func TestReportOfALostAttemptEndsLeases(t *testing.T) {
	h := holding(t, options{core.OptAdvisoryTimeout: 3000, core.OptMandatoryTimeout: 60}, hour)
	h.until(3000 * second)
	h.ask()
	lost := timedOut(h)
	h.pass(minute)
	d := h.ask()
	if d.Kind != core.Serve || d.LeaseElapsed != h.now.Elapsed+14*minute {
		t.Fatalf("%+v", d)
	}
	if late := h.s.Fail(lost, h.now, core.Recoverable, core.CodeSource, 0); late.Epoch != d.Epoch+1 {
		t.Errorf("%+v", late)
	}
	h.expect(h.ask(), core.ServeAndRefresh)
}

func TestUnknownTicketChangesNothing(t *testing.T) {
	h := holding(t, options{}, hour)
	before := h.s.AppendSnapshot(nil)
	facts := core.Facts{Expiry: h.now.Wall + 2*hour, Fingerprint: 9}
	for _, ticket := range []int64{0, -1, 1, h.flight, h.flight + 1, core.Never} {
		for _, d := range []core.Decision{
			h.s.Complete(ticket, h.now, facts), h.s.Fail(ticket, h.now, core.Permanent, core.CodeSource, hour),
			h.s.Abandon(ticket, h.now), h.s.Prompted(ticket, h.now),
		} {
			if d.Notes != core.NoteUnknownTicket || d.Kind != core.None || d.Settled != 0 {
				t.Errorf("ticket %d: %+v", ticket, d)
			}
		}
	}
	h.expectStatus(core.StatusUnknownTickets, 24)
	after := h.s.AppendSnapshot(nil)
	changed := 0
	for i := 0; i < len(before)-8; i += 8 {
		if string(before[i:i+8]) != string(after[i:i+8]) {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d fields have changed", changed)
	}
}
