package sim

import "github.com/evercreds/evercreds/core"

// Nothing starts inside a hold-off, except once for each set that was rejected or
// reported and once for each Force; and however often the source fails, the hold-off ends.
func (r *Room) invariant8(a *attempt) {
	if span := r.status(core.StatusHoldOff); span > 16*minute {
		r.fail(8, "a hold-off of %d ms", span)
	}
	quiet := a.cause == core.CauseAdvisory || a.cause == core.CauseIdle || a.cause == core.CauseDegraded
	if quiet && r.elapsed < r.quietBefore {
		r.fail(8, "a quiet attempt at %d, held off until %d", r.elapsed, r.quietBefore)
	}
	if a.cause == core.CauseRejected && r.elapsed < r.spacedUntil {
		r.fail(8, "an attempt at %d, spaced until %d", r.elapsed, r.spacedUntil)
	}
	if a.cause == core.CauseReported {
		r.startedForReporter(a, r.held())
	}
	bypass := (a.cause == core.CauseRejected || a.cause == core.CauseReported && !a.weak) && r.bypass
	if r.elapsed < r.notBefore && !a.forced && !bypass {
		r.fail(8, "an attempt at %d, held off until %d", r.elapsed, r.notBefore)
	}
	if a.forced || bypass {
		r.endHoldOff() // it leaves one of its own
	}
	r.bypass = r.bypass && !bypass
}

// With a healthy source and steady clocks, and no Force, Invalidate or minTTL,
// successive fetches are at least L/2 apart (L/10 with explicit windows).
func (r *Room) invariant9(a *attempt) {
	if r.mode != healthy || r.policy == core.AWS2026 || r.previous == nil {
		return
	}
	least := r.life / 2
	if r.explicit {
		least = r.life / 10
	}
	if gap := a.start.Elapsed - r.previous.start.Elapsed; gap < least {
		r.fail(9, "%d ms after the last fetch, at a lifetime of %d", gap, r.life)
	}
}

// The fields of a lease come from one reply.
func (r *Room) invariant10(d core.Decision, h *set) {
	if h.wall == 0 {
		h.wall = d.Expiry
	}
	if d.Expiry != h.wall {
		r.fail(10, "set %d expires at %d, and at %d", h.ticket, h.wall, d.Expiry)
	}
	if endless := d.Flags&core.Endless != 0; endless != (h.expiry == core.Never) {
		r.fail(10, "endless: %v", endless)
	}
}

// Replaying a log of events gives the same outputs. The twin is told each event
// once more, in a session of its own.
func (r *Room) invariant11(twin, d core.Decision) {
	if twin != d {
		r.fail(11, "the twin answers%s", show(twin))
	}
}

// With a right server time and a clock that counts sleep, no clock step,
// suspend, lost or repeated timer leads to credentials served past the server's
// expiry. The same holds where the wall clock is right, whatever the other does.
func (r *Room) invariant12(d core.Decision, h *set) {
	if r.stability == core.Static || r.mode == anything || h.expiry == core.Never {
		return
	}
	until := r.truth + d.LeaseElapsed - r.elapsed
	if r.mode == wallTrue {
		until = d.LeaseWall // the host keeps both ends, and this one is right
	}
	if r.truth >= h.expiry || until > h.expiry {
		r.fail(12, "served at %d until %d, but the server's expiry is %d", r.truth, until, h.expiry)
	}
}

// A rejected set is not served again, except under static.
func (r *Room) invariant13(h *set) {
	if h.rejected && r.stability != core.Static {
		r.fail(13, "rejected set %d was served", h.ticket)
	}
}

// Restore(Snapshot(s)) behaves as s does, apart from waiters, the flight and
// random draws.
func (r *Room) invariant14() {
	for _, a := range r.running {
		if !a.foreign {
			return // a flight, or a lost attempt, is not in a snapshot
		}
	}
	now := r.now()
	now.Elapsed += upTo(r.choose, 10*minute)
	copied, d, err := core.Restore(r.session.AppendSnapshot(nil), r.now(), 99)
	if err != nil {
		r.fail(14, "not restored: %v", err)
		return
	}
	if d.Started != 0 {
		return // what this event would have started is due in the other too
	}
	original := *r.session
	minTTL := upTo(r.choose, r.life)
	a, b := withoutNumbers(original.Ask(now, core.Need{MinTTL: minTTL})), withoutNumbers(copied.Ask(now, core.Need{MinTTL: minTTL}))
	if a != b {
		r.fail(14, "the restored session answers%s, not%s", show(b), show(a))
	}
	for f := core.StatusPhase; f <= core.StatusIsReported; f++ {
		if f == core.StatusFlight || f == core.StatusEpoch {
			continue
		}
		if x, y := original.Status(f, now), copied.Status(f, now); x != y {
			r.fail(14, "status %d is %d after Restore, not %d", f, y, x)
		}
	}
}

// withoutNumbers takes out of a decision what a restored session has of its own.
func withoutNumbers(d core.Decision) core.Decision {
	d.Epoch, d.Ticket, d.Started = 0, min(d.Ticket, 1), min(d.Started, 1)
	return d
}

// NextWake is never in the past without making progress when woken.
func (r *Room) invariant15() {
	if r.last.NextWake > r.elapsed || r.err != nil {
		return
	}
	woken := *r.session
	for range 3 {
		d := woken.Wake(r.now())
		if d.NextWake > r.elapsed {
			return
		}
		if d.Started == 0 && d.Cancelled == 0 {
			break
		}
	}
	r.fail(15, "NextWake %d at %d leads to a busy loop", r.last.NextWake, r.elapsed)
}

// leaseHides fails if a lease keeps a caller from an answer that is not the set
// itself: shortly before its end, an Ask must still be served.
func (r *Room) leaseHides(d core.Decision) {
	span := min(d.LeaseElapsed-r.elapsed, 1000*hour) - 1
	if span < 0 {
		return
	}
	asked := *r.session
	now := r.now()
	now.Wall, now.Elapsed = now.Wall+span, now.Elapsed+span
	if later := asked.Ask(now, core.Need{}); later.Kind != core.Serve || later.Set != d.Set {
		r.fail(0, "a lease of %d ms hides%s", span+1, show(later))
	}
}
