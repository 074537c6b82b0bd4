package core

// outcome is how a flight ended. It is kept for waiters that come late.
type outcome struct {
	ticket   int64
	installs int64 // how many sets had been installed when it ended
	failed   bool
	serve    bool // it failed, and waiters get the held set all the same
	failure  failure
	retryAt  int64
}

// settle keeps the outcome of a flight, and has the host wake its waiters.
//
//go:noinline
func (s *Session) settle(o outcome) {
	o.installs = s.counts.installs
	s.outcomes[s.oldest] = o
	s.oldest = (s.oldest + 1) % len(s.outcomes)
	s.resign(0, 0)
	s.flight = flight{}
	s.out.Settled = o.ticket
}

// Answer gives one waiter the outcome of its flight: Serve, Error, or Wait while
// the flight is under way. The waiter calls it when it was woken, or when its own
// patience ends. All waiters share one outcome, which is checked against the need
// of each. The caller of Force passes forced, and sees the failure that others do
// not. If eight flights have ended since, the answer is made from what is held now.
func (s *Session) Answer(ticket int64, now Now, need Need, forced bool) Decision {
	if !s.begin(now) {
		return s.end()
	}
	now = s.now
	o := s.outcomeOf(ticket)
	newer := o.ticket != 0 && s.counts.installs > o.installs
	switch {
	case ticket != 0 && s.flight.ticket == ticket:
		if s.flight.answered && !forced && s.usable(now, need) {
			s.serve(now)
		} else {
			s.await(Wait)
		}
	case o.failed && forced && !newer:
		s.fail(o.failure, o.retryAt)
	case o.failed && !newer:
		s.answerFailed(now, need, o)
	case s.usable(now, need):
		s.serve(now)
	default:
		s.answerShort(now, need)
	}
	if !forced {
		s.patience(now, need)
	}
	return s.end()
}

func (s *Session) outcomeOf(ticket int64) outcome {
	for _, o := range s.outcomes {
		if o.ticket == ticket && ticket != 0 {
			return o
		}
	}
	return outcome{}
}

// usable tells whether the held set can be handed out by itself.
func (s *Session) usable(now Now, need Need) bool {
	left := s.held.remaining(now)
	return s.held.ticket != 0 && !s.held.rejected && !s.barred(need) && left > 0 && left >= need.MinTTL
}

// answerFailed serves the held set to waiters that the failure does not concern:
// those that did not have to wait, or need not wait any more, and those that the
// stability serves.
func (s *Session) answerFailed(now Now, need Need, o outcome) {
	calm := s.usable(now, need) && (o.serve || s.held.phase(now) <= PhaseAdvisory)
	calm = calm && !s.cfg.shows(o.failure.class)
	if !calm && !(o.serve && s.mayServe(now, need, o.failure.class)) {
		s.fail(o.failure, o.retryAt)
		return
	}
	s.out.Flags |= FlightFailed
	s.serve(now)
}

// answerShort answers a waiter for whom the held set will not do, although the
// flight did not fail, or is not known any more. It does not show the error of an
// attempt that nobody waited for either.
func (s *Session) answerShort(now Now, need Need) {
	left := s.held.remaining(now)
	f := s.required.failure
	if f.ticket == 0 {
		f = failure{code: CodeExpiredReply, class: Recoverable}
	}
	switch {
	case s.mayServe(now, need, f.class):
		s.serve(now)
	case s.barred(need):
		s.refuse(CodeRejected, max(now.Elapsed, s.held.spaced, s.stalled))
	case s.held.ticket != 0 && s.held.rejected:
		s.refuse(CodeRejected, max(now.Elapsed, s.spaced))
	case s.held.ticket != 0 && left > 0 && left < need.MinTTL:
		s.refuse(CodeMinTTL, now.Elapsed)
	default:
		s.fail(f, max(now.Elapsed, s.required.until))
	}
}
