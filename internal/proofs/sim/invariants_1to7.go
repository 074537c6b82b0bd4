package sim

import "github.com/evercreds/evercreds/core"

// served checks what a caller was given, with all that bears on it: invariants
// 1, 10, 12 and 13.
func (r *Room) served(d core.Decision, before *core.Session) {
	if d.Kind != core.Serve && d.Kind != core.ServeAndRefresh && d.Kind != core.RefreshInline || r.err != nil {
		return
	}
	h := r.sets[d.Set]
	if h == nil || d.Set != r.status(core.StatusSet) {
		r.fail(10, "set %d was served, which is not the one held", d.Set)
		return
	}
	if d.LeaseElapsed < r.elapsed || d.LeaseElapsed-r.elapsed != d.LeaseWall-r.now().Wall &&
		d.LeaseElapsed < core.Never {
		r.fail(0, "the lease's two ends do not belong together")
	}
	if f := r.attempts[r.status(core.StatusFlight)]; f != nil && d.LeaseElapsed > f.deadline {
		r.fail(0, "the lease goes past the deadline of the flight")
	}
	if d.Flags&core.HeldOff != 0 && d.Code == core.CodeNone {
		r.quietBefore = max(r.quietBefore, d.LeaseElapsed)
	}
	r.invariant1(d, h)
	r.invariant10(d, h)
	r.invariant12(d, h)
	r.invariant13(h)
	r.leaseHides(d)
}

// Expired credentials are served, by decision or by lease, only under static,
// and are then marked.
func (r *Room) invariant1(d core.Decision, h *set) {
	now := r.now()
	expired := d.Expiry <= now.Wall || h.elapsed <= now.Elapsed
	if expired != (d.Flags&core.Expired != 0) && (expired || r.status(core.StatusRemaining) > 0) {
		r.fail(1, "expired: %v, which the flags %b do not say", expired, d.Flags)
	}
	if d.Flags&core.Expired == 0 {
		if d.LeaseWall > d.Expiry || d.LeaseElapsed > h.elapsed {
			r.fail(1, "the lease goes past the expiry")
		}
		return
	}
	if r.stability != core.Static {
		r.fail(1, "an expired set was served")
	}
	if r.maxStale < core.Never && d.LeaseWall > d.Expiry+r.maxStale {
		r.fail(1, "the lease goes past max_stale")
	}
}

// At most one flight per session, and at most one timed-out attempt beside it.
func (r *Room) invariant2(next *attempt) {
	lost := 0
	for _, a := range r.running {
		switch {
		case a.foreign:
		case !a.lost:
			r.fail(2, "flight %d started beside flight %d", next.ticket, a.ticket)
		case r.elapsed < a.deadline+15*minute:
			lost++
		}
	}
	if lost > 1 {
		r.fail(2, "flight %d started beside %d lost attempts", next.ticket, lost)
	}
}

// No caller receives an error caused by an advisory attempt, nor waits for one,
// but for the one who runs it inline and one who reports the held set.
func (r *Room) invariant3(w waiter, d core.Decision, asked bool) {
	if r.policy == core.AWS2026 || r.err != nil {
		return
	}
	if a := r.attempts[d.ErrorTicket]; d.Kind == core.Error && a != nil && !a.required && !(w.inline && w.ticket == a.ticket) {
		r.fail(3, "the error of advisory attempt %d reached a caller", a.ticket)
	}
	calm := d.Phase == core.PhaseFresh || d.Phase == core.PhaseAdvisory
	content := r.status(core.StatusRemaining) >= w.need.MinTTL && r.status(core.StatusIsRejected) == 0
	content = content && !r.names(w.need)
	if asked && calm && content && d.Kind != core.Serve && d.Kind != core.ServeAndRefresh && d.Kind != core.RefreshInline {
		r.fail(3, "kind %d in phase %d", d.Kind, d.Phase)
	}
}

// Installed expiry never goes back, except after Invalidate, Force or a report.
func (r *Room) invariant4(had *set, rejected bool, a *attempt) {
	if had == nil || rejected || a.forced || r.policy == core.AWS2026 {
		return
	}
	if now := r.sets[a.ticket]; now.expiry < had.expiry {
		r.fail(4, "from %d to %d", had.expiry, now.expiry)
	}
}

// An unknown ticket changes nothing beyond what Wake would, and a counter.
func (r *Room) invariant5(ticket int64) {
	woken := *r.session
	expected := woken.Wake(r.now())
	facts := r.good(&attempt{start: r.now(), truth: r.truth})
	r.completed(ticket, facts)
	d := r.do("unknown ticket", ticket, func(s *core.Session) core.Decision { return s.Complete(ticket, r.now(), facts) })
	if d.Notes&core.NoteUnknownTicket == 0 {
		r.fail(5, "not noted")
	}
	d.Notes &^= core.NoteUnknownTicket
	if d != expected {
		r.fail(5, "the decision differs from Wake's:%s", show(expected))
	}
	if n := differing(r.session.AppendSnapshot(nil), woken.AppendSnapshot(nil)); n != 1 && r.err == nil {
		r.fail(5, "%d fields have changed", n)
	}
}

// differing counts the fields in which two snapshots differ, their sums apart.
func differing(a, b []byte) int {
	n := 0
	for i := 0; i+16 <= len(a); i += 8 {
		if string(a[i:i+8]) != string(b[i:i+8]) {
			n++
		}
	}
	return n
}

// A failed, malformed or expired reply never changes the held credentials. What
// Complete may install is checked there, and a closed session holds nothing.
func (r *Room) invariant6(before *core.Session, held int64, what string) {
	if what == "complete" || what == "close" {
		return
	}
	for _, f := range []core.Field{core.StatusSet, core.StatusRemaining, core.StatusAdvisory, core.StatusMandatory, core.StatusLifetime} {
		if was, is := before.Status(f, r.now()), r.status(f); was != is {
			r.fail(6, "%s changed field %d of set %d from %d to %d", what, f, held, was, is)
		}
	}
}

// Every waiter gets exactly one answer, by its own deadline or the flight's; one
// without a flight asks again.
func (r *Room) invariant7(w *waiter, d core.Decision) (done bool) {
	if d.Kind == core.Serve || d.Kind == core.Error {
		return true
	}
	if d.Kind == core.Wait && d.Ticket == 0 && !w.forced {
		w.ticket, w.deadline = 0, d.Deadline // see patience
		return false
	}
	if d.Kind != core.Wait || d.Ticket != w.ticket || r.status(core.StatusFlight) != w.ticket || d.Deadline <= r.elapsed {
		r.fail(7, "a waiter of flight %d got kind %d", w.ticket, d.Kind)
	}
	w.deadline = d.Deadline
	return false
}
