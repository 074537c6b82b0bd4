package core

// Ask is what a caller without a valid lease calls. minTTL is the time in
// milliseconds that the credentials must have left; 0 means any.
func (s *Session) Ask(now Now, minTTL int64) Decision {
	if !s.begin(now) {
		return s.end()
	}
	now = s.now
	phase, left := s.held.phase(now), s.held.remaining(now)
	short := left < minTTL && phase != PhaseEmpty
	switch {
	case phase == PhaseFresh && short && !s.held.rejected && s.held.lifetime < minTTL:
		s.refuse(CodeMinTTL, now.Elapsed) // a new set would be as short
	case phase == PhaseEmpty, s.held.overdue(now), short:
		s.askRequired(now, minTTL, requiredCause(phase, s.held.rejected))
	case phase == PhaseFresh:
		s.serve(now)
	default:
		s.askAdvisory(now)
	}
	return s.end()
}

func requiredCause(phase Phase, rejected bool) Cause {
	switch {
	case phase == PhaseEmpty:
		return CauseFirst
	case rejected:
		return CauseRejected
	case phase == PhaseMandatory || phase == PhaseExpired:
		return CauseMandatory
	}
	return CauseMinTTL
}

// askAdvisory: nobody waits, and one caller at most sets a refresh going.
func (s *Session) askAdvisory(now Now) {
	switch {
	case s.flight.ticket != 0:
		s.serve(now)
	case s.permanentShown() && s.required.until > now.Elapsed:
		s.refuseCached()
	case s.cfg.attended:
		s.serve(now)
	case s.quietUntil() > now.Elapsed:
		s.out.Flags |= HeldOff
		s.serve(now)
	default:
		s.refreshQuietly(now, CauseAdvisory)
	}
}

// permanentShown tells whether even those who need not wait are shown the error
// that is kept.
func (s *Session) permanentShown() bool { return s.cfg.shows(s.required.class) }

// refreshQuietly serves the held set and starts a refresh that nobody needs yet.
func (s *Session) refreshQuietly(now Now, cause Cause) {
	s.start(now, cause)
	s.serve(now)
	s.out.Kind, s.out.Ticket = ServeAndRefresh, s.flight.ticket
	if s.cfg.inline {
		s.out.Kind = RefreshInline
		s.out.Deadline = s.flight.deadline
	}
}

// askRequired: the held set may not be handed out before an attempt was made.
func (s *Session) askRequired(now Now, minTTL int64, cause Cause) {
	quiet := s.servesOn() && s.mayServe(now, minTTL, Recoverable)
	switch {
	case s.flight.ticket != 0 && quiet: // nobody waits for a hanging source twice
		s.serve(now)
	case s.flight.ticket != 0:
		s.flight.required = true
		s.await(Wait)
	case s.heldBack(now, minTTL):
	case quiet && max(s.quiet.until, s.quietLostUntil()) > now.Elapsed:
		s.out.Flags |= HeldOff
		s.serve(now)
	case quiet && s.cfg.attended:
		s.serve(now)
	case quiet:
		s.refreshQuietly(now, CauseDegraded)
	default:
		s.start(now, cause)
		s.flight.required = true
		s.held.bypassed = s.held.rejected // later ones heed the hold-off that this one may leave
		s.await(Refresh)
	}
}

// heldBack answers a caller who must wait while no attempt may start, and
// reports whether that is so.
func (s *Session) heldBack(now Now, minTTL int64) bool {
	if s.held.rejected && s.spaced > now.Elapsed {
		s.serveOr(now, minTTL, failure{code: CodeRejected, class: Recoverable}, s.spaced)
		return true
	}
	if lost := s.lostUntil(); lost > now.Elapsed {
		s.serveOr(now, minTTL, s.lostFailure(), lost)
		return true
	}
	static := s.static > now.Elapsed && s.mayServe(now, 0, Recoverable)
	stalled := s.stalled > now.Elapsed && s.held.remaining(now) > 0 && !s.held.rejected
	if !static && !stalled && s.required.until <= now.Elapsed {
		return false
	}
	if s.bypasses() {
		return false
	}
	switch {
	case static: // who is not served needs more time; the error may be one that nobody is to see
		s.serveOr(now, minTTL, failure{code: CodeMinTTL, class: Recoverable}, s.static)
	case stalled && s.held.remaining(now) < minTTL:
		s.refuse(CodeMinTTL, s.stalled)
	case stalled: // a Force that failed since is its caller's affair
		s.out.Flags |= HeldOff
		s.serve(now)
	default:
		s.serveOr(now, minTTL, s.required.failure, s.required.until)
	}
	return true
}

// bypasses tells whether the next attempt starts in spite of a hold-off: once
// per set, since what is held is known to be useless.
func (s *Session) bypasses() bool {
	return s.held.rejected && !s.held.bypassed && s.cfg.policy != AWS2026
}

// serveOr hands out the held set where the stability lets it, else the failure.
func (s *Session) serveOr(now Now, minTTL int64, f failure, retryAt int64) {
	if s.mayServe(now, minTTL, f.class) {
		s.out.Flags |= HeldOff
		s.serve(now)
		return
	}
	s.fail(f, retryAt)
}

// mayServe tells whether the held set may be handed out although a required
// refresh failed with this class.
func (s *Session) mayServe(now Now, minTTL int64, class Class) bool {
	left := s.held.remaining(now)
	if s.held.ticket == 0 || left < minTTL && minTTL > 0 {
		return false
	}
	switch s.cfg.stability {
	case UntilExpiry:
		return left > 0 && !s.held.rejected
	case Static:
		return class != Permanent && left > -s.cfg.maxStale
	}
	return false
}

// await tells the caller to wait for the flight under way.
func (s *Session) await(kind Kind) {
	s.out.Kind, s.out.Ticket, s.out.Deadline = kind, s.flight.ticket, s.flight.deadline
}

func (s *Session) refuse(code Code, retryAt int64) {
	s.fail(failure{code: code, class: Recoverable}, retryAt)
}

func (s *Session) refuseCached() { s.fail(s.required.failure, s.required.until) }

func (s *Session) fail(f failure, retryAt int64) {
	s.out.Kind, s.out.Code, s.out.Class = Error, f.code, f.class
	s.out.ErrorTicket, s.out.RetryAt = f.ticket, retryAt
}
