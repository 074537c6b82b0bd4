package sim

import "github.com/evercreds/evercreds/core"

// refuse makes a caller one to whom a service refused a set, mostly the one held.
func (r *Room) refuse(n *core.Need) {
	h := r.held()
	if h == nil {
		return
	}
	n.Other, n.Evidence = h.fingerprint, core.EvidenceStrong
	if oneIn(r.choose, 4) {
		n.Evidence = core.EvidenceWeak
	}
	if oneIn(r.choose, 8) {
		n.Other = uint64(upTo(r.choose, int64(r.prints)))
	}
}

// names tells whether a caller is not to have the held set.
func (r *Room) names(n core.Need) bool {
	h := r.held()
	return h != nil && n.Evidence != core.EvidenceNone && n.Other == h.fingerprint && r.policy != core.AWS2026
}

// reported checks what came of a caller's report.
func (r *Room) reported(d core.Decision, n core.Need, known bool, before *core.Session) {
	if r.err != nil {
		return
	}
	r.invariant16(d, n, known, before)
	switch h := r.held(); {
	case r.policy == core.AWS2026 && n.Evidence == core.EvidenceStrong && h != nil && h.fingerprint == n.Other:
		if r.status(core.StatusIsRejected) == 0 && d.Notes&core.NoteInstalled == 0 {
			r.fail(0, "under aws2026 a report gives a set up for all")
		}
	case d.Notes&core.NoteReported != 0 && (!known || n.Evidence != core.EvidenceStrong):
		r.fail(0, "a report was counted that names another set, or on weak evidence")
	case known && d.Kind == core.Error && d.Code == core.CodeRejected && h.spaced > r.elapsed && !r.attended && !h.rejected && d.RetryAt != h.spaced:
		r.fail(8, "a reporter gets retry time %d, and is spaced until %d", d.RetryAt, h.spaced)
	case known && d.Kind == core.Error && d.Code == core.CodeRejected && !r.attended && d.RetryAt > r.elapsed+5*minute+r.pauseOfStatic():
		r.fail(8, "a reporter may come again after %d ms", d.RetryAt-r.elapsed)
	}
	if known && r.names(n) && (r.status(core.StatusIsReported) != 0) != r.held().suspect {
		r.fail(0, "reported: %v", r.held().suspect)
	}
}

// reportedAt spaces what is fetched for reporters, counted from the install.
func (r *Room) reportedAt(h *set, d core.Decision) {
	h.suspect = true
	if h.installed < 0 {
		r.strikes = -1 // of an earlier process: nothing is known
		return
	}
	if r.elapsed-h.installed >= 10*minute {
		r.strikes = 0
	}
	if r.strikes < 0 {
		return
	}
	if r.strikes++; r.strikes > 1 {
		h.spaced = h.installed + min(5*second<<min(r.strikes-2, 10), 5*minute)
		if end := r.elapsed + r.status(core.StatusRemaining); r.attended && end <= h.installed+12*hour {
			h.spaced = max(h.spaced, end)
		}
	}
	if spaced := d.Notes&core.NoteSpaced != 0; spaced != (h.spaced > r.elapsed) && !r.attended {
		r.fail(8, "report %d in a row, of a set of %d at %d: spaced %v", r.strikes, h.installed, r.elapsed, spaced)
	}
}

// startedForReporter: not inside the spacing, and on weak evidence once for a set.
func (r *Room) startedForReporter(a *attempt, h *set) {
	if r.elapsed < h.spaced {
		r.fail(8, "an attempt for a reporter at %d, spaced until %d", r.elapsed, h.spaced)
	}
	if a.weak && h.checked {
		r.fail(17, "set %d was checked before", h.ticket)
	}
	if a.weak && r.attended {
		r.fail(17, "a person is prompted because of weak evidence against set %d", h.ticket)
	}
	h.checked = h.checked || a.weak
}

// prolonged is a set that came once more, for longer: what was said of it stands.
func (r *Room) prolonged(s, had *set) {
	s.suspect, s.checked, s.spaced = had.suspect, had.checked, had.spaced
	if r.policy != core.AWS2026 && s.expiry <= had.expiry && !had.rejected && !r.attempts[s.ticket].forced {
		r.fail(4, "the held set came again, and was installed")
	}
	if r.err == nil && (r.status(core.StatusIsReported) != 0) != s.suspect {
		r.fail(13, "a set that was reported came again, and is trusted")
	}
	asked := *r.session
	again := asked.Ask(r.now(), core.Need{Other: s.fingerprint, Evidence: core.EvidenceStrong})
	if s.spaced > r.elapsed && again.Started != 0 && r.policy != core.AWS2026 {
		r.fail(8, "a spaced set came again, and is not spaced any more")
	}
}

// knocked: who cannot be served comes again at the pace of the required ladder, under
// static too.
func (r *Room) knocked(a *attempt) {
	asked := *r.session
	told := asked.Answer(a.ticket, r.now(), core.Need{}, true)
	if r.knocks++; r.knocks > 1 && told.RetryAt < r.elapsed+100 {
		r.fail(8, "after %d failures for reporters the next attempt may start at once", r.knocks)
	}
}

// pauseOfStatic is by how much longer a hold-off may bind even a reporter: one of a
// set that the user gave up, which static serves to all others.
func (r *Room) pauseOfStatic() int64 {
	if r.stability == core.Static && r.status(core.StatusIsRejected) != 0 {
		return 5 * minute
	}
	return 0
}

// other: nobody is served the set that it reported.
func (r *Room) other(d core.Decision, n core.Need) {
	if h := r.sets[d.Set]; d.Set != 0 && h != nil && n.Evidence != core.EvidenceNone && h.fingerprint == n.Other && r.policy != core.AWS2026 {
		r.fail(13, "set %d was served to its reporter", d.Set)
	}
}

// A report changes no other caller's answer: who would have been served is served,
// now and for as long as nothing but the reporter's flight has come of it. What
// would have been is asked of the session as it was before the report.
func (r *Room) invariant16(d core.Decision, n core.Need, known bool, before *core.Session) {
	if r.policy == core.AWS2026 {
		return
	}
	if r.deaf != nil && n == (core.Need{}) && r.spared(r.deaf) && !given(d) {
		r.fail(16, "after a report a caller that would have been served gets kind %d", d.Kind)
	}
	if !known {
		return
	}
	if r.deaf == nil && before.Status(core.StatusFlight, r.now()) == 0 {
		r.deaf = before
	}
	is := *r.session
	if now := is.Ask(r.now(), core.Need{}); r.spared(before) && !given(now) {
		r.fail(16, "a report costs another caller the set: kind %d", now.Kind)
	}
	if d.Started == 0 && r.wouldGet(before) != r.wouldGet(r.session) {
		r.fail(16, "a report that starts nothing changes another caller's answer")
	}
}

// heldOffAsBefore: the failure of what was fetched for a reporter lets nothing start for the
// others that would not have started without it.
func (r *Room) heldOffAsBefore(before *core.Session, d core.Decision) {
	a := r.attempts[d.Settled]
	if a == nil || a.cause != core.CauseReported || d.Notes&(core.NoteFailed|core.NoteFailedQuietly) == 0 || d.Notes&news != 0 {
		return
	}
	was, is := before.Status(core.StatusHoldOff, r.now()), r.status(core.StatusHoldOff)
	if is < was {
		r.fail(16, "the failure of a reporter's attempt shortens a hold-off of %d ms to %d", was, is)
	}
}

func (r *Room) wouldGet(s *core.Session) core.Kind {
	copied := *s
	return copied.Ask(r.now(), core.Need{}).Kind
}

// spared tells whether a session would serve a caller like all others.
func (r *Room) spared(s *core.Session) bool {
	copied := *s
	return given(copied.Ask(r.now(), core.Need{}))
}

func given(d core.Decision) bool {
	return d.Kind == core.Serve || d.Kind == core.ServeAndRefresh || d.Kind == core.RefreshInline
}

// news is more than that an attempt has failed.
const news = core.NoteInstalled | core.NoteNoProgress | core.NoteRejected | core.NoteReanchored | core.NoteWrittenOff

// hears ends the comparison once more has happened than a report and the failure
// of what was fetched for it.
func (r *Room) hears(d core.Decision) {
	ended := r.attempts[d.Settled]
	if d.Notes&news != 0 || d.Started != 0 && d.StartCause != core.CauseReported || ended != nil && ended.cause != core.CauseReported {
		r.deaf = nil
	}
}
