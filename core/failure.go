package core

// failure is what a failed attempt leaves behind. The error itself stays with
// the host, under the ticket.
type failure struct {
	ticket int64
	code   Code
	class  Class
}

// Fail reports that the source failed. reason is CodeSource, or CodeMalformed
// for a reply that could not be read; retryAfter is the pause in milliseconds
// that the source asked for, 0 for none.
func (s *Session) Fail(ticket int64, now Now, class Class, reason Code, retryAfter int64) Decision {
	if class != Permanent && class != Throttled {
		class = Recoverable
	}
	if reason != CodeMalformed {
		reason = CodeSource
	}
	return s.report(ticket, now, failure{ticket, reason, class}, retryAfter)
}

// Abandon reports that the host's attempt died without an answer. It is not for a
// caller that gives up waiting: see Leave.
func (s *Session) Abandon(ticket int64, now Now) Decision {
	return s.report(ticket, now, failure{ticket, CodeAbandoned, Recoverable}, 0)
}

func (s *Session) report(ticket int64, now Now, f failure, retryAfter int64) Decision {
	if !s.begin(now) {
		return s.end()
	}
	if _, ok := s.takeLost(ticket); ok {
		s.out.Notes |= NoteLateIgnored // its failure was counted at its deadline
	} else if s.flight.ticket != ticket || !s.inAir() {
		s.unknownTicket()
	} else {
		s.flightFailed(s.now, f, retryAfter)
	}
	return s.end()
}

// flightFailed ends the flight under way: one hold-off, one outcome.
func (s *Session) flightFailed(now Now, f failure, retryAfter int64) {
	fl := s.flight
	floor := min(max(retryAfter, 0), minute)
	if f.class == Throttled {
		f.class, floor = Recoverable, max(floor, second)
	}
	s.counts.failures++
	s.last = f
	if fl.required {
		s.out.Notes |= NoteFailed
	} else {
		s.out.Notes |= NoteFailedQuietly
	}
	s.holdOff(now, f, fl, floor)
	s.resignFailed(f, floor)
	o := outcome{ticket: fl.ticket, failed: true, failure: f, retryAt: max(now.Elapsed, s.required.until)}
	if fl.required {
		o.serve = s.mayServe(now, Need{}, f.class)
		// a Force or a minTTL that fails early changes nothing for anybody else
		if o.serve && s.held.overdue(now) && !s.degraded {
			s.degraded = true
			s.out.Notes |= NoteDegraded
		}
	} else {
		o.serve = !s.cfg.shows(f.class)
	}
	s.settle(o)
}
