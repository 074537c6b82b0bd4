package sim

import "github.com/evercreds/evercreds/core"

// What the specification promises outside its numbered list is checked here.

// hadFlight: a flight that is over is over for its waiters, who are called.
func (r *Room) hadFlight(flight int64, d core.Decision) {
	if flight != 0 && r.status(core.StatusFlight) != flight && d.Settled != flight {
		r.fail(7, "flight %d ended, and its waiters were not called", flight)
	}
}

// paused checks that a failure leaves a hold-off, and keeps until when. Under
// static it is another one, which ends with max_stale.
func (r *Room) paused(d core.Decision) {
	if a := r.attempts[d.Settled]; a != nil && a.reporter && d.Notes&core.NoteFailed != 0 {
		r.knocked(a)
	}
	if d.Notes&core.NoteInstalled != 0 || r.stability == core.Static && r.status(core.StatusSet) != 0 {
		return
	}
	a := r.attempts[d.Settled]
	switch {
	case a == nil || r.err != nil:
	case d.Notes&core.NoteFailed != 0:
		r.pausedRequired(a)
	case d.Notes&core.NoteFailedQuietly != 0 && a.cause != core.CauseDegraded:
		least := 2 * second
		if r.policy == core.AWS2026 {
			least = second // a permanent error is shown, and for less
		}
		if span := r.status(core.StatusHoldOff); span < least {
			r.fail(8, "a hold-off of %d ms after an attempt that nobody waited for", span)
		}
	}
}

// pausedRequired: nothing after the first failure, then 200 ms at least half.
func (r *Room) pausedRequired(a *attempt) {
	asked := *r.session
	told := asked.Answer(a.ticket, r.now(), core.Need{}, true)
	least := r.elapsed
	switch {
	case told.Class == core.Permanent:
		least += second
	case r.failures > 0:
		least += 100
	}
	most := r.elapsed + max(r.pause, stepAfter(r.failures))
	if told.Class == core.Permanent {
		most = r.elapsed + max(r.pause, 5*second)
	}
	if sure := r.policy != core.AWS2026 && r.stability != core.Static && !r.unsure; sure && told.RetryAt > max(most, r.lastRetry) {
		r.fail(8, "failure %d at %d, and no attempt before %d", r.failures+1, r.elapsed, told.RetryAt)
	}
	r.failures++
	r.lastRetry = max(r.lastRetry, told.RetryAt)
	if told.RetryAt < least {
		r.fail(8, "failure %d at %d, and the next attempt may start at %d", r.failures, r.elapsed, told.RetryAt)
	}
	r.notBefore = max(r.notBefore, told.RetryAt)
}

// stepAfter is the longest pause after so many failures and one more.
func stepAfter(failures int) int64 {
	if failures == 0 {
		return 0
	}
	return min(200<<min(failures-1, 10), 5*second)
}

// nothingNew: a source that has nothing newer is left alone for 2 s at least,
// while there is something to serve.
func (r *Room) nothingNew() {
	r.notBefore = r.elapsed + min(2*second, r.status(core.StatusRemaining))
}

// wellAgain: what failed before counts no more.
func (r *Room) wellAgain() { r.failures, r.knocks, r.lastRetry, r.unsure = 0, 0, 0, false }

// rejectedAt spaces the fetches of sets that are rejected as fast as they come.
func (r *Room) rejectedAt(h *set) {
	if r.lasted(h) {
		r.quick, r.spacedUntil = 0, 0
		return
	}
	if r.quick++; r.quick > 1 {
		r.spacedUntil = r.elapsed + min(5*second<<min(r.quick-2, 10), 5*minute)
	}
}

// lasted tells that a rejection of a set would be no quick one, as far as the room knows.
func (r *Room) lasted(h *set) bool { return h.installed < 0 || r.elapsed-h.installed >= minute }

// enough checks a caller that was served against the time that it needs.
func (r *Room) enough(d core.Decision, minTTL int64) {
	served := d.Kind == core.Serve || d.Kind == core.ServeAndRefresh || d.Kind == core.RefreshInline
	if left := r.status(core.StatusRemaining); served && minTTL > 0 && left < minTTL {
		r.fail(0, "served with %d ms left, and %d are needed", left, minTTL)
	}
}

// inVain: no fetch gives a caller more time than the sets of the source have.
func (r *Room) inVain(d core.Decision, before *core.Session, minTTL int64) {
	tell := func(f core.Field) int64 { return before.Status(f, r.now()) }
	short := tell(core.StatusLifetime) < minTTL && tell(core.StatusRemaining) < minTTL
	fresh := tell(core.StatusPhase) == int64(core.PhaseFresh) && tell(core.StatusIsRejected) == 0
	if fresh && short && d.Code != core.CodeMinTTL {
		r.fail(0, "a set of %d ms cannot give %d ms", tell(core.StatusLifetime), minTTL)
	}
}

// strictly: a set whose time is up is not handed out after a failed refresh.
func (r *Room) strictly(d core.Decision, a *attempt) {
	if r.stability == core.Strict && a != nil && a.required && !a.answered &&
		d.Kind == core.Serve && d.Flags&core.FlightFailed != 0 && d.Phase >= core.PhaseMandatory {
		r.fail(0, "strict hands out the held set after a failure")
	}
}

// inOrder: a late answer never replaces what a later flight brought.
func (r *Room) inOrder(had *set, a *attempt) {
	if had != nil && r.attempts[had.ticket].number > a.number {
		r.fail(0, "set %d was replaced by an older one", had.ticket)
	}
}
