package sim

import "github.com/evercreds/evercreds/core"

// report lets one of the running attempts end, in whichever way; in a healthy
// room all of them, and well.
func (r *Room) report() {
	if r.mode == healthy {
		r.answerAll()
		return
	}
	if len(r.running) == 0 {
		return
	}
	i := r.choose.Choose(len(r.running))
	a := r.running[i]
	r.running = append(r.running[:i], r.running[i+1:]...)
	switch n := r.choose.Choose(20); {
	case r.truth < r.downUntil:
		r.failed(a.ticket, r.downClass, core.CodeSource, 0)
		r.reportFailure(a, "fail", floorOf(r.downClass, 0), func(s *core.Session) core.Decision {
			return s.Fail(a.ticket, r.now(), r.downClass, core.CodeSource, 0)
		})
	case n < 11, n < 14 && !r.has(oddReplies), n == 14 && !r.has(deadAttempts), n > 14 && !r.has(failedReplies):
		r.complete(a, r.good(a), false)
	case n < 14:
		facts, useless := r.odd(a)
		r.complete(a, facts, useless)
	case n < 15:
		r.event("abandon %s", r.named(a.ticket))
		r.reportFailure(a, "abandon", 0, func(s *core.Session) core.Decision { return s.Abandon(a.ticket, r.now()) })
	default:
		class := core.Class(r.choose.Choose(5))
		reason := pick(r.choose, core.CodeSource, core.CodeMalformed, core.CodeClosed)
		pause := pick(r.choose, 0, 0, 0, 3*second, hour, -hour, 1<<62)
		r.failed(a.ticket, class, reason, pause)
		r.reportFailure(a, "fail", floorOf(class, pause), func(s *core.Session) core.Decision {
			return s.Fail(a.ticket, r.now(), class, reason, pause)
		})
	}
}

// reportFailure tells of a failure, and of the pause that it asks for.
func (r *Room) reportFailure(a *attempt, what string, pause int64, event func(*core.Session) core.Decision) {
	r.endOf(a)
	r.pause = pause
	r.do(what, a.ticket, event)
	r.pause = 0
}

// floorOf is the pause that a failure asks for.
func floorOf(class core.Class, pause int64) int64 {
	if pause = min(max(pause, 0), minute); class == core.Throttled {
		pause = max(pause, second)
	}
	return pause
}

// endOf keeps that an attempt is over: another may start beside a lost one.
func (r *Room) endOf(a *attempt) {
	if a.lost || r.elapsed >= a.deadline {
		r.endHoldOff()
	}
}

// answerAll is the healthy source: it answers everything, within a moment.
func (r *Room) answerAll() {
	for len(r.running) > 0 && r.err == nil {
		a := r.running[0]
		r.running = r.running[1:]
		r.pass(upTo(r.choose, min(10, r.life/200)))
		f := core.Facts{Expiry: a.truth + r.life, Fingerprint: r.fingerprint()}
		if oneIn(r.choose, 2) {
			f.ServerTime = a.truth
		}
		r.complete(a, f, false)
	}
}

// complete reports a reply. useless: it must not be installed.
func (r *Room) complete(a *attempt, f core.Facts, useless bool) {
	r.endOf(a)
	had, rejected := r.held(), false
	if had != nil {
		rejected = had.rejected
	}
	replaces := had != nil && had.fingerprint != f.Fingerprint && (had.suspect || a.other == had.fingerprint)
	r.completed(a.ticket, f)
	d := r.do("complete", a.ticket, func(s *core.Session) core.Decision { return s.Complete(a.ticket, r.now(), f) })
	if d.Notes&core.NoteReanchored != 0 {
		had.wall, had.elapsed = 0, max(had.elapsed, r.latestEnd(a, f))
	}
	if r.status(core.StatusLastCode) == int64(core.CodeStillRejected) && r.status(core.StatusLastTicket) == a.ticket && !r.givenUp[f.Fingerprint] {
		r.fail(0, "set %d is refused, which nobody gave up", f.Fingerprint)
	}
	if replaces && d.Notes&core.NoteNoProgress != 0 {
		r.fail(0, "set %d was reported, and another is no progress", had.ticket)
	}
	if d.Notes&core.NoteInstalled == 0 || r.err != nil {
		return
	}
	if useless || a.foreign {
		r.fail(6, "a useless reply was installed: %+v", f)
	}
	if had != nil && !rejected && r.lasted(had) {
		r.quick, r.spacedUntil = 0, 0
	}
	s := &set{ticket: a.ticket, fingerprint: f.Fingerprint, expiry: f.Expiry, elapsed: r.latestEnd(a, f), installed: r.elapsed, checked: a.weak}
	r.sets[a.ticket] = s
	if had != nil && had.fingerprint == f.Fingerprint {
		r.prolonged(s, had)
	}
	r.inOrder(had, a)
	r.invariant4(had, rejected || replaces, a)
}

// latestEnd is the end of a set on the elapsed clock by the most generous
// reading of the reply that is in order.
func (r *Room) latestEnd(a *attempt, f core.Facts) int64 {
	if f.Expiry >= core.Never {
		return core.Never
	}
	now := r.now()
	life := f.Expiry - max(a.start.Wall, now.Wall-(now.Elapsed-a.start.Elapsed))
	most := f.Duration
	if most <= 0 {
		most = core.Never
	}
	if f.ServerTime > 0 || r.method == core.MethodSTS || r.method == core.MethodIoT {
		most = min(most, 12*hour)
	}
	if f.ServerTime > 0 && f.Expiry-f.ServerTime <= most {
		life = f.Expiry - f.ServerTime
	}
	return a.start.Elapsed + min(life, most)
}

func (r *Room) fingerprint() uint64 {
	r.prints++
	return r.prints
}

// good is a reply that a source in order gives.
func (r *Room) good(a *attempt) core.Facts {
	at := pick(r.choose, a.truth, a.truth+(r.truth-a.truth)/2, r.truth) // when it was made
	f := core.Facts{
		Expiry:      at + r.life + upTo(r.choose, r.life/4) - r.life/8,
		Fingerprint: r.fingerprint(),
		ServerTime:  r.serverTime(at),
	}
	if oneIn(r.choose, 4) {
		f.Duration = r.life * 9 / 8
	}
	return f
}

func (r *Room) serverTime(at int64) int64 {
	whole := at/second*second + second - 1 // an HTTP Date has whole seconds
	switch r.mode {
	case serverTrue:
		return pick(r.choose, at, whole)
	case wallTrue:
		return pick(r.choose, 0, at, whole)
	}
	return pick(r.choose, 0, 0, at, whole, at-hour, at+hour, 1, -5, 1<<62)
}

// odd is a reply with something about it, and whether nothing can excuse it.
func (r *Room) odd(a *attempt) (f core.Facts, useless bool) {
	f = r.good(a)
	h := r.held()
	switch r.choose.Choose(9) {
	case 0: // a cache of the source's own
		if h != nil {
			f.Expiry, f.Fingerprint = h.expiry, h.fingerprint
		}
	case 1:
		if h != nil && h.expiry < core.Never {
			f.Expiry = h.expiry - upTo(r.choose, r.life)
		}
	case 2:
		f.Expiry = pick(r.choose, 0, -1, -1<<63, 1<<62, core.Never-1, core.Never+1)
		return f, true
	case 3: // expired, by its own server's clock
		f.ServerTime = r.truth
		f.Expiry = r.truth - upTo(r.choose, hour)
		return f, true
	case 4:
		return r.rejectedAgain(f)
	case 5:
		f.Expiry = core.Never
		return f, r.method == core.MethodSTS || r.method == core.MethodIoT
	case 6:
		f.Duration = pick(r.choose, 1, second, 1<<62)
	case 7: // keys that were rotated within the life of the set
		if h != nil {
			f.Expiry = h.expiry
		}
	case 8: // the same keys, for longer
		if h != nil {
			f.Fingerprint = h.fingerprint
			return f, h.rejected
		}
	}
	return f, false
}

// rejectedAgain brings a set that was rejected as the latest of all.
func (r *Room) rejectedAgain(f core.Facts) (core.Facts, bool) {
	if h := r.held(); h != nil && h.rejected {
		f.Fingerprint = h.fingerprint
		return f, true
	}
	return f, false
}

// outage is a time in which the source fails again and again for one reason.
func (r *Room) outage() {
	r.downUntil = r.truth + pick(r.choose, minute, 20*minute, 2*hour)
	r.downClass = pick(r.choose, core.Recoverable, core.Permanent, core.Throttled)
}
