package core

// Ask says what a caller without a valid lease, or with a need of its own, is to
// do. If the caller reports a set, the report is taken in before anything else
// that is due, as in Invalidate.
func (s *Session) Ask(now Now, need Need) Decision {
	if need.MinTTL <= 0 && need.Evidence == EvidenceNone && s.staysCalm(now) {
		return s.calmlyServed()
	}
	s.out = nothing()
	if s.stage != stageOpen {
		return s.end()
	}
	now = s.at(now)
	s.doubt(now, need)
	s.tick(now)
	phase, left := s.held.phase(now), s.held.remaining(now)
	short := left < need.MinTTL && phase != PhaseEmpty
	switch {
	case s.barred(need) && !s.held.rejected:
		s.askOther(now, need)
	case phase == PhaseFresh && short && !s.held.rejected && s.held.lifetime < need.MinTTL:
		s.refuse(CodeMinTTL, now.Elapsed) // a new set would be as short
	case phase == PhaseEmpty, s.held.overdue(now), short:
		s.askRequired(now, need, requiredCause(phase, s.held.rejected))
	case phase == PhaseFresh:
		s.serve(now)
	default:
		s.askAdvisory(now)
	}
	s.patience(now, need)
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

// askAdvisory serves a caller in the advisory window: nobody waits, and at most
// one caller starts a refresh.
func (s *Session) askAdvisory(now Now) {
	switch {
	case s.flight.ticket != 0:
		s.serve(now)
	case s.permanentShown() && s.required.until > now.Elapsed:
		s.refuseCached()
	case s.cfg.attended && s.cfg.share != Exclusive:
		s.serve(now)
	case s.quietUntil() > now.Elapsed:
		s.out.Flags |= HeldOff
		s.serve(now)
	default:
		s.refreshQuietly(now, CauseAdvisory)
	}
}

// permanentShown tells whether even callers that need not wait get the error that
// is kept.
func (s *Session) permanentShown() bool { return s.cfg.shows(s.required.class) }

// refreshQuietly serves the held set and starts a refresh that nobody needs yet.
func (s *Session) refreshQuietly(now Now, cause Cause) {
	s.start(now, cause)
	s.serve(now)
	if s.inAir() {
		s.out.Kind, s.out.Ticket = ServeAndRefresh, s.flight.ticket
	}
	if s.cfg.inline {
		s.out.Kind, s.out.Ticket = RefreshInline, s.flight.ticket
		s.out.Deadline = s.flight.deadline
	}
}

// askRequired answers a caller that may not have the held set before an attempt
// was made.
func (s *Session) askRequired(now Now, need Need, cause Cause) {
	quiet := s.servesOn() && s.mayServe(now, need, Recoverable)
	switch {
	case s.flight.ticket != 0 && quiet: // nobody waits for a hanging source twice
		s.serve(now)
	case s.flight.ticket != 0 && s.servedBeside(now, need):
	case s.flight.ticket != 0:
		s.join(now, need)
		s.await(Wait)
	case s.heldBack(now, need):
	case quiet && max(s.quiet.until, s.quietLostUntil()) > now.Elapsed:
		s.out.Flags |= HeldOff
		s.serve(now)
	case quiet && s.cfg.attended:
		s.serve(now)
	case quiet:
		s.refreshQuietly(now, CauseDegraded)
	default:
		s.start(now, cause)
		s.join(now, need)
		s.held.bypassed = s.held.bypassed || s.held.rejected // later attempts heed the hold-off that this one may leave
		s.await(Refresh)
	}
}

// servedBeside serves callers that a hold-off would have served. A reporter's
// flight may begin despite that hold-off, but makes nobody else wait.
func (s *Session) servedBeside(now Now, need Need) bool {
	before := s.out
	if s.flight.cause == CauseReported && s.heldBack(now, need) && s.out.Kind == Serve {
		return true
	}
	s.out = before
	return false
}

// heldBack answers a caller that must wait while no attempt may start. It reports
// whether that is so.
func (s *Session) heldBack(now Now, need Need) bool {
	if s.held.rejected && s.spaced > now.Elapsed {
		s.serveOr(now, need, failure{code: CodeRejected, class: Recoverable}, s.spaced)
		return true
	}
	if lost := s.lostUntil(); lost > now.Elapsed {
		s.serveOr(now, need, s.lostFailure(), lost)
		return true
	}
	static := s.static > now.Elapsed && s.mayServe(now, Need{}, Recoverable)
	stalled := s.stalled > now.Elapsed && s.held.remaining(now) > 0 && !s.held.rejected
	if !static && !stalled && s.required.until <= now.Elapsed {
		return false
	}
	if s.bypasses() {
		return false
	}
	switch {
	case static: // the error may be one that nobody is to see
		s.serveOr(now, need, failure{code: s.lacks(need), class: Recoverable}, s.static)
	case stalled && s.held.remaining(now) < need.MinTTL:
		s.refuse(CodeMinTTL, s.stalled)
	case stalled: // a Force that failed since is its caller's affair
		s.out.Flags |= HeldOff
		s.serve(now)
	default:
		s.serveOr(now, need, s.required.failure, s.required.until)
	}
	return true
}

// lacks says why the held set, which others get, will not do for this caller.
func (s *Session) lacks(need Need) Code {
	if s.barred(need) {
		return CodeRejected
	}
	return CodeMinTTL
}

// bypasses tells whether the next attempt starts despite a hold-off. That happens
// once per set, when the held set is known to be useless.
func (s *Session) bypasses() bool {
	return s.held.rejected && !s.held.bypassed && s.cfg.policy != AWS2026
}

// serveOr serves the held set if the stability allows it, else the failure.
func (s *Session) serveOr(now Now, need Need, f failure, retryAt int64) {
	if s.mayServe(now, need, f.class) {
		s.out.Flags |= HeldOff
		s.serve(now)
		return
	}
	s.fail(f, retryAt)
}

// mayServe tells whether the held set may be served although a required refresh
// failed with this class.
func (s *Session) mayServe(now Now, need Need, class Class) bool {
	left := s.held.remaining(now)
	if s.held.ticket == 0 || s.barred(need) || left < need.MinTTL && need.MinTTL > 0 {
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
	if kind == Refresh && !s.inAir() {
		kind = Wait // the source is not called yet
	}
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
