package core

// serve fills in the held set and its lease.
func (s *Session) serve(now Now) {
	d, left := &s.out, s.held.remaining(now)
	d.Kind, d.Set, d.Expiry = Serve, s.held.ticket, s.held.wall
	phase := s.held.phase(now)
	if s.held.endless() {
		d.Flags |= Endless
	}
	if phase == PhaseExpired {
		d.Flags |= Expired
	}
	if s.last.ticket != 0 && (phase >= PhaseMandatory || s.held.rejected) {
		d.Flags |= Degraded
	}
	span := max(0, s.leaseSpan(now, phase, left))
	d.LeaseElapsed, d.LeaseWall = add(now.Elapsed, span), add(now.Wall, span)
}

// leaseSpan is how long the held set may be handed out without asking: until
// the next instant at which an Ask would be answered differently. It is 0 where
// an attempt is due already, so that the set is used once and the next caller
// asks.
func (s *Session) leaseSpan(now Now, phase Phase, left int64) int64 {
	span := left
	switch phase {
	case PhaseFresh:
		if !s.held.endless() {
			span = left - s.held.advisory
		}
	case PhaseAdvisory:
		span = left - s.held.mandatory
	case PhaseExpired:
		span = add(left, s.cfg.maxStale)
	}
	switch {
	case s.flight.ticket != 0:
		return min(span, s.flight.deadline-now.Elapsed)
	case phase == PhaseFresh && !s.held.rejected:
		return span
	case s.cfg.attended && (phase == PhaseAdvisory || s.servesOn()):
		return span // no attempt may start by itself before the next phase
	}
	return min(span, s.holdFor(now, phase)-now.Elapsed)
}

// holdFor is the end of the hold-off that keeps an attempt from starting.
func (s *Session) holdFor(now Now, phase Phase) int64 {
	switch {
	case s.held.rejected && s.spaced > now.Elapsed:
		return s.spaced
	case phase == PhaseAdvisory, s.servesOn():
		return s.quietUntil()
	}
	return max(s.required.until, s.static, s.stalled, s.lostUntil())
}

// servesOn tells whether the held set is served, by "until_expiry", after a
// required refresh has failed.
func (s *Session) servesOn() bool { return s.degraded && s.cfg.stability == UntilExpiry }
