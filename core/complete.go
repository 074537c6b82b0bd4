package core

// Facts are what the core learns of a reply.
type Facts struct {
	// Expiry of the set, milliseconds since the Unix epoch as the source counts
	// them; Never for a set without expiry (not from sts and iot).
	Expiry int64
	// Fingerprint of access key and session token.
	Fingerprint uint64
	// Duration is the lifetime that was requested, in milliseconds; 0: unknown.
	Duration int64
	// ServerTime is when the source replied by its own clock, milliseconds since
	// the Unix epoch; 0: unknown. If that clock is coarse, this is the latest
	// instant that it can mean. The machine ignores a time that would give the
	// set more than Duration, or more than 12 h.
	ServerTime int64
}

// Complete reports the set that a flight brought. A reply that cannot be used
// is a failure, and never touches what is held.
func (s *Session) Complete(ticket int64, now Now, facts Facts) Decision {
	if !s.begin(now) {
		return s.end()
	}
	now = s.now
	if l, ok := s.takeLost(ticket); ok {
		s.completeLate(now, l, facts)
		return s.end()
	}
	f := s.flight
	if f.ticket != ticket || !s.inAir() {
		s.unknownTicket()
		return s.end()
	}
	c, code := s.judge(now, f.start, facts)
	switch {
	case code != CodeNone:
		s.flightFailed(now, failure{ticket, code, Recoverable}, 0)
	case s.progress(&c, f.forced, f.against):
		c.checked = f.against.evidence == EvidenceWeak
		replaces := s.replaced(f.against, f.replaces)
		s.install(now, c, ticket, f.seq)
		s.learnTime(f.start, facts)
		s.publish(f.turn, replaces)
		s.settle(outcome{ticket: ticket})
	default:
		s.noProgress(now, c, s.datesWell(facts))
	}
	return s.end()
}

// completeLate takes an answer whose flight has timed out. If the set is good and
// no newer one has come, it is installed. It also answers the waiters of the next
// flight, which continues without waiters.
func (s *Session) completeLate(now Now, l lostAttempt, facts Facts) {
	c, code := s.judge(now, l.start, facts)
	if code != CodeNone || l.seq <= s.held.seq || !s.progress(&c, l.forced, l.against) {
		s.out.Notes |= NoteLateIgnored
		return
	}
	c.checked = l.against.evidence == EvidenceWeak
	replaces := s.replaced(l.against, 0)
	s.install(now, c, l.ticket, l.seq)
	s.out.Notes |= NoteLateInstalled
	s.learnTime(l.start, facts)
	s.publish(s.flight.turn, replaces)
	if s.flight.ticket == 0 {
		return
	}
	if !s.inAir() && s.satisfied(now) {
		s.settle(outcome{ticket: s.flight.ticket}) // the source was not called for it, and need not be
		return
	}
	s.flight.answered = true
	s.flight.required = s.flight.forced // a forcing caller still waits for its own
	if s.out.Settled == 0 {
		s.out.Settled = s.flight.ticket
	}
}

// progress tells whether a set is worth more than the held one. Sources with a
// cache of their own return the same set for a while. If a service refused the
// held set to somebody, any other set is worth more.
func (s *Session) progress(c *set, forced bool, against grounds) bool {
	h := &s.held
	doubted := h.suspect || against.evidence != EvidenceNone && against.set == h.fingerprint
	return s.cfg.policy == AWS2026 || h.ticket == 0 || h.rejected || forced ||
		doubted && c.fingerprint != h.fingerprint || c.sourceExpiry > h.sourceExpiry
}

// noProgress keeps the held set: the source is well, but has nothing new yet. If
// it is the same set with more time left by the server's clock, the local idea of
// its end was wrong.
func (s *Session) noProgress(now Now, c set, byServer bool) {
	ticket := s.flight.ticket
	s.counts.noProgress++
	s.out.Notes |= NoteNoProgress
	if byServer && c.sourceExpiry == s.held.sourceExpiry && c.remaining(now) > s.held.remaining(now) {
		s.held.wall, s.held.elapsed = c.wall, c.elapsed
		s.out.Notes |= NoteReanchored
	}
	if s.held.remaining(now) <= 0 {
		s.flightFailed(now, failure{ticket, CodeNoProgress, Recoverable}, 0)
		return
	}
	s.last, s.required, s.degraded, s.static, s.degradedFailures = failure{}, ladder{}, false, 0, 0
	s.quiet.until = 0 // the source is well; only the count of replies without progress stays
	s.holdQuietly(now, 0)
	s.stalled = s.quiet.until
	s.resign(int64(Recoverable)+noticeCount*max(s.flight.failures, 1), min(s.stalled-now.Elapsed, minute))
	s.settle(outcome{ticket: ticket})
}

// install replaces the held set, all of it at once.
func (s *Session) install(now Now, c set, ticket, seq int64) {
	c.ticket, c.seq, c.installed = ticket, seq, now.Elapsed
	var shrunk bool
	c.advisory, c.mandatory, shrunk = s.cfg.windowsFor(c.lifetime)
	if shrunk && !s.warned {
		s.warned = true
		s.out.Notes |= NoteWindowsShrunk
	}
	switch {
	case s.shares():
		c.advisory -= s.spread(&c)
	case s.cfg.jitter:
		c.advisory -= s.rng.between(0, (c.advisory-c.mandatory)/2)
	}
	if s.held.ticket != 0 && !s.held.rejected && s.held.lasted(now) {
		s.rejections, s.spaced = 0, 0 // services accepted it, so later rejections begin a new row
	}
	if s.held.ticket != 0 && c.fingerprint == s.held.fingerprint {
		c.keepDoubts(&s.held)
	}
	s.held = c
	s.degradedFailures = 0
	s.quiet, s.required, s.last = ladder{}, ladder{}, failure{}
	s.static, s.stalled, s.degraded = 0, 0, false
	// a set that is due at once must not keep an idle host busy
	s.idleFrom = now.Elapsed + max(second, min(c.lifetime/10, hour))
	s.epoch++
	s.counts.installs++
	s.out.Notes |= NoteInstalled
}
