package core

// adopt installs the set of an entry if it is better than what is held.
func (s *Session) adopt(now Now, c storeCall, found Found) bool {
	if found.Expiry <= 0 || found.Expiry != Never && found.Expiry > maxInstant || s.flight.forced || !s.better(found) {
		return false
	}
	set, ok := s.setOf(now, c.sent, found)
	if !ok {
		return false
	}
	f := &s.flight
	set.checked = f.against.evidence == EvidenceWeak
	s.install(now, set, c.number, f.seq)
	s.share.counts.adopted++
	s.out.Notes |= NoteAdopted
	return true
}

// better tells whether an entry's set is worth more than what is held. A reporter takes
// any but the one that it was refused. What this session's user gave up never comes back.
func (s *Session) better(found Found) bool {
	for _, r := range s.rejected {
		if r == found.Fingerprint && r != 0 {
			return false
		}
	}
	h := &s.held
	switch {
	case h.ticket == 0:
		return true
	case found.Fingerprint == h.fingerprint:
		return false
	}
	return h.rejected || s.flight.reported || found.Replaces == h.fingerprint || found.Expiry > h.sourceExpiry
}

// setOf dates an entry's set by two clocks, the store's and this session's idea of the
// source's. The one that leaves less counts, so one of them may be wrong. Both are read
// at the look's start, so that a sleep in between makes the set end earlier, never later.
func (s *Session) setOf(now, sent Now, found Found) (set, bool) {
	c := set{fingerprint: found.Fingerprint, sourceExpiry: found.Expiry}
	if found.Expiry == Never {
		c.wall, c.elapsed, c.lifetime = Never, Never, Never
		return c, s.cfg.method != MethodSTS && s.cfg.method != MethodIoT
	}
	left := min(found.Expiry-s.sourceTime(now, sent), s.longestLife(Facts{}))
	if found.Left < Never {
		left = min(left, found.Left)
	}
	if found.Life > 0 {
		left = min(left, found.Life)
	}
	c.lifetime = min(max(found.Life, left), maxInstant)
	// the wall clock may step during the look, or alone have seen a sleep
	c.wall = min(sent.Wall, now.Wall-(now.Elapsed-sent.Elapsed)) + left
	c.elapsed = sent.Elapsed + left
	return c, c.remaining(now) > 0
}

// sourceTime is the source's time at an instant, as it follows from its last reply. A
// session that has had none takes its own wall clock.
func (s *Session) sourceTime(now, at Now) int64 {
	if s.share.dated {
		return s.share.anchor + at.Elapsed
	}
	return max(at.Wall, now.Wall-(now.Elapsed-at.Elapsed))
}

// learnTime keeps the source's time. It is counted from the flight's start, which errs
// early.
func (s *Session) learnTime(start Now, f Facts) {
	if s.shares() && s.datesWell(f) {
		s.share.dated, s.share.anchor = true, f.ServerTime-start.Elapsed
	}
}

// satisfied tells whether the held set, which is new, ends the flight: else it goes on
// with the better set in hand.
func (s *Session) satisfied(now Now) bool {
	return !s.held.overdue(now) && s.held.remaining(now) >= s.flight.minTTL
}

// spread is how much later than the advisory window's start a shared set is refreshed.
// Three quarters of the draw are the set's own, the same for the whole group: of many
// draws the earliest is always early, and the sets of a fleet that was born together
// would stay together.
func (s *Session) spread(c *set) int64 {
	span := c.advisory - c.mandatory
	own := int64(uint64(span) * 3 / 8 * (c.fingerprint >> 32) >> 32)
	return own + s.rng.between(0, span/8)
}

// replaced is the fingerprint of the refused set in whose place a flight's set is: the
// one that the user gave up, or the one that a service refused to a reporter. 0: none.
func (s *Session) replaced(against grounds, before uint64) uint64 {
	switch {
	case s.held.ticket != 0 && s.held.rejected:
		return s.held.fingerprint
	case against.evidence == EvidenceStrong:
		return against.set
	}
	return before
}
