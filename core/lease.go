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
	if s.last.ticket != 0 && s.held.overdue(now) {
		d.Flags |= Degraded
	}
	span := max(0, s.leaseSpan(now, phase, left))
	d.LeaseElapsed, d.LeaseWall = add(now.Elapsed, span), add(now.Wall, span)
}

// leaseSpan is how long the held set may be handed out without asking: until the
// next instant at which an Ask would get another answer. It is 0 if an attempt is
// due already: then the set is used once, and the next caller asks.
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
	required := s.held.overdue(now) && !s.servesOn()
	switch {
	case required:
		return min(span, s.servedUntil(now)-now.Elapsed)
	case s.permanentShown() && s.required.until > now.Elapsed:
		return 0
	case s.inAir():
		return min(span, s.flight.deadline-now.Elapsed)
	case s.flight.ticket != 0:
		return min(span, s.flightWake(now)-now.Elapsed)
	case phase == PhaseFresh, s.cfg.attended && s.cfg.share != Exclusive:
		return span // no attempt may start by itself before the next phase
	}
	return min(span, s.quietUntil()-now.Elapsed)
}

// servedUntil is the end of the hold-off during which even callers that would have
// to wait are served. 0: there is none, and the next caller waits or gets an error.
func (s *Session) servedUntil(now Now) int64 {
	until, class, lost := int64(0), Recoverable, s.lostUntil()
	switch {
	case s.flight.ticket != 0:
	case s.held.rejected && s.spaced > now.Elapsed:
		until = s.spaced
	case lost > now.Elapsed:
		until = lost
	case s.bypasses():
	case s.static > now.Elapsed:
		until = s.static
	case s.stalled > now.Elapsed && s.held.remaining(now) > 0 && !s.held.rejected:
		return s.stalled
	case s.required.until > now.Elapsed:
		until, class = s.required.until, s.required.class
	}
	if !s.mayServe(now, Need{}, class) {
		return 0
	}
	return until
}

// servesOn tells whether "until_expiry" keeps the held set in use after a required
// refresh has failed.
func (s *Session) servesOn() bool { return s.degraded && s.cfg.stability == UntilExpiry }
