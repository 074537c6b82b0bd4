package core_test

import (
	"testing"

	"github.com/evercreds/evercreds/core"
)

// Useless replies are failures, and never change the held set.
func TestUselessReplies(t *testing.T) {
	for name, c := range map[string]struct {
		expiry int64 // from now, unless it is absolute
		abs    bool
		code   core.Code
	}{
		"none":                   {0, true, core.CodeMalformed},
		"negative":               {-5, true, core.CodeMalformed},
		"beyond the calendar":    {core.Never - 1, true, core.CodeMalformed},
		"endless, from sts":      {core.Never, true, core.CodeMalformed},
		"larger than any":        {1<<63 - 1, true, core.CodeMalformed},
		"expired":                {-second, false, core.CodeExpiredReply},
		"expires at this moment": {0, false, core.CodeExpiredReply},
	} {
		t.Run(name, func(t *testing.T) {
			h := holding(t, strict, hour)
			set := h.status(core.StatusSet)
			h.until(600 * second)
			h.ask()
			f := core.Facts{Expiry: c.expiry, Fingerprint: 99}
			if !c.abs {
				f.Expiry += h.now.Wall
			}
			h.expectNote(h.complete(f), core.NoteFailed)
			h.expectError(h.answer(h.flight), c.code)
			h.expectStatus(core.StatusSet, set)
			h.expectStatus(core.StatusRemaining, 600*second)
		})
	}
}

// A reply that expires no later than the held set is not a failure: the source is well,
// and has nothing newer.
func TestNoProgress(t *testing.T) {
	h := holding(t, options{}, hour)
	h.until(500 * second)
	h.expect(h.ask(), core.Refresh)
	same := core.Facts{Expiry: h.now.Wall + 500*second, Fingerprint: 1}
	d := h.complete(same)
	if d.Notes != core.NoteNoProgress || d.Settled != h.flight {
		t.Fatalf("%+v", d)
	}
	if d := h.answer(h.flight); d.Kind != core.Serve || d.Flags != 0 {
		t.Errorf("a waiter got %+v", d)
	}
	within(t, "hold-off", h.status(core.StatusHoldOff), 2500, 5000)
	d = h.ask()
	if d.Kind != core.Serve || d.Flags != core.HeldOff || d.LeaseElapsed != h.now.Elapsed+h.status(core.StatusHoldOff) {
		t.Errorf("%+v", d)
	}
	h.expectStatus(core.StatusLastCode, 0)
	h.pass(h.status(core.StatusHoldOff))
	h.expect(h.ask(), core.Refresh)
	h.complete(same)
	within(t, "second hold-off", h.status(core.StatusHoldOff), 5000, 10000)

	h.until(0) // with nothing left to serve it is one
	h.expect(h.ask(), core.Refresh)
	h.complete(core.Facts{Expiry: same.Expiry - 1, Fingerprint: 2, ServerTime: same.Expiry - hour})
	h.expectError(h.answer(h.flight), core.CodeNoProgress)
}

// "aws2026" knows no such rule.
func TestAWS2026TakesAnyGoodSet(t *testing.T) {
	h := holding(t, options{core.OptPolicy: float64(core.AWS2026)}, hour)
	h.until(500 * second)
	h.ask()
	h.expectNote(h.give(400*second), core.NoteInstalled)
}

// The same expiry with more time left by the server's clock moves the deadlines.
func TestReanchor(t *testing.T) {
	h := open(t, options{})
	h.ask()
	expiry := h.now.Wall + 2*hour // this clock is an hour slow, and nobody says so
	h.now.Wall += hour / 2        // or so it seems at first: half of that is mended during the flight
	h.complete(core.Facts{Expiry: expiry, Fingerprint: 1})
	h.expectStatus(core.StatusRemaining, 90*minute)
	h.until(600 * second)
	h.expect(h.ask(), core.Refresh)
	d := h.complete(core.Facts{Expiry: expiry, Fingerprint: 1, ServerTime: expiry - 1000*second})
	if d.Notes != core.NoteNoProgress|core.NoteReanchored {
		t.Fatalf("notes %b", d.Notes)
	}
	h.expectStatus(core.StatusRemaining, 1000*second)
	h.pass(400 * second)
	h.expect(h.ask(), core.Refresh)
	d = h.complete(core.Facts{Expiry: expiry, Fingerprint: 1, ServerTime: expiry - 300*second})
	if d.Notes != core.NoteNoProgress {
		t.Errorf("less time left has moved them too: %b", d.Notes)
	}
	h.expectStatus(core.StatusRemaining, 600*second)
}

// Both deadlines count from the start of the flight, with the server's time as
// the reply's now, and at most the lifetime that was asked for.
func TestAnchors(t *testing.T) {
	for name, c := range map[string]struct {
		takes, ahead         int64 // the flight; the local clock
		serverTime, duration bool
		step                 int64 // of the wall clock, during the flight
		asleep               int64 // during the flight, unseen by the elapsed clock
		remaining            int64
	}{
		"plain":                              {remaining: hour},
		"a slow flight":                      {takes: 30 * second, remaining: hour - 30*second},
		"a slow flight, server time":         {takes: 30 * second, serverTime: true, remaining: hour - 30*second},
		"a fast clock":                       {ahead: 20 * minute, remaining: 40 * minute},
		"a fast clock, server time":          {ahead: 20 * minute, serverTime: true, remaining: hour},
		"a slow clock":                       {ahead: -20 * minute, remaining: 80 * minute},
		"a slow clock, server time":          {ahead: -20 * minute, serverTime: true, remaining: hour},
		"a slow clock, known duration":       {ahead: -20 * minute, duration: true, remaining: hour},
		"set right by years":                 {ahead: -50 * 365 * 24 * hour, step: 50 * 365 * 24 * hour, remaining: hour},
		"set right by years, server time":    {ahead: -50 * 365 * 24 * hour, step: 50 * 365 * 24 * hour, serverTime: true, remaining: hour},
		"set back":                           {ahead: 10 * minute, step: -10 * minute, remaining: 50 * minute},
		"set back, server time":              {ahead: 10 * minute, step: -10 * minute, serverTime: true, remaining: hour},
		"asleep with the reply":              {asleep: 50 * minute, remaining: 10 * minute},
		"asleep with the reply, server time": {asleep: 50 * minute, serverTime: true, remaining: 10 * minute},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, options{})
			h.now.Wall += c.ahead
			h.ask()
			f := core.Facts{Expiry: h.now.Wall - c.ahead + hour, Fingerprint: 1}
			if c.serverTime {
				f.ServerTime = h.now.Wall - c.ahead
			}
			if c.duration {
				f.Duration = hour
			}
			h.pass(c.takes)
			h.now.Wall += c.step + c.asleep
			h.complete(f)
			h.expectStatus(core.StatusRemaining, c.remaining)
			within(t, "lifetime", h.status(core.StatusLifetime), c.remaining, 80*minute)
		})
	}
}

// Whichever clock stops, steps or sleeps, the other one still ends the set.
func TestRemainingIsTheSmallerOfBothClocks(t *testing.T) {
	h := holding(t, options{}, hour)
	h.now.Wall -= 10 * hour
	h.now.Elapsed += 40 * minute
	h.expectStatus(core.StatusRemaining, 20*minute)
	h.now.Wall += 10*hour + 50*minute
	h.expectStatus(core.StatusRemaining, 10*minute)
}

// A thread that read the clock before another one got the lock brings an older
// time along: nothing goes back.
func TestOlderReading(t *testing.T) {
	h := holding(t, options{}, hour)
	older := h.now
	h.until(600 * second)
	h.wake()
	h.expect(h.s.Ask(older, core.Need{}), core.Refresh)
}
