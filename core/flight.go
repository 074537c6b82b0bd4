package core

// flight is the one refresh under way.
type flight struct {
	ticket   int64 // 0: none
	deadline int64 // on the elapsed clock
	meeting
	seq      int64
	start    Now
	cause    Cause
	required bool // somebody waits for it
	forced   bool // the user asked for it
	reported bool // a reporter, to whom a service refused the held set, waits for it
	against  grounds
	answered bool // a late answer has come in meanwhile, and serves its waiters
}

// inAir tells whether the source has been called for the flight under way.
func (s *Session) inAir() bool { return s.flight.ticket != 0 && s.flight.step == stepFly }

// grounds say which set a reporter's flight is to replace, and why.
type grounds struct {
	set      uint64
	evidence Evidence // EvidenceNone: it was started for another cause
}

// lostAttempt is an attempt that passed its deadline and may still run.
type lostAttempt struct {
	ticket  int64 // 0: none
	seq     int64
	start   Now
	forced  bool
	against grounds
	quiet   bool  // nobody waited for it
	until   int64 // written off then
}

// promptTime is how long a person may take to answer a prompt, and writeOffTime
// how long after its time-out an attempt that never reports counts as running.
// Without that end, two attempts that hang for ever would end all refreshing.
const (
	promptTime   = 15 * minute
	writeOffTime = 15 * minute
)

// start starts a flight. The caller has checked that it may.
func (s *Session) start(now Now, cause Cause) {
	s.flight = flight{ticket: s.ticket.next(&s.rng), cause: cause}
	if s.shares() {
		s.depart(now)
		return
	}
	s.fly(now)
}

// fly puts the flight into the air: the host calls the source.
func (s *Session) fly(now Now) {
	f := &s.flight
	s.seq++
	s.counts.starts++
	f.seq, f.start, f.deadline = s.seq, now, now.Elapsed+s.flightTime()
	s.out.Started, s.out.StartCause, s.out.StartDeadline = f.ticket, f.cause, f.deadline
}

// flightTime is how long a flight may be in the air. Where a person is asked, Prompted
// sets the real time.
func (s *Session) flightTime() int64 {
	if s.cfg.attended {
		return max(s.cfg.timeout, promptTime)
	}
	return s.cfg.timeout
}

// Prompted reports that the person whom the flight asked has answered: the
// flight's time-out starts now. If it has timed out, this moves nothing; its answer is
// still good if it comes.
func (s *Session) Prompted(ticket int64, now Now) Decision {
	if !s.begin(now) {
		return s.end()
	}
	switch {
	case ticket != 0 && ticket == s.flight.ticket && s.inAir():
		s.flight.start = s.now
		s.flight.deadline = s.now.Elapsed + s.cfg.timeout
	case ticket == 0 || ticket != s.lost[0].ticket && ticket != s.lost[1].ticket:
		s.unknownTicket()
	}
	return s.end()
}

// Force starts one flight for the user, past every hold-off, or joins the one
// under way. It never rejects what is held.
func (s *Session) Force(now Now) Decision {
	if !s.begin(now) {
		return s.end()
	}
	kind := Wait
	if s.flight.ticket == 0 {
		if lost := s.lostUntil(); lost > s.now.Elapsed {
			s.fail(s.lostFailure(), lost)
			return s.end()
		}
		s.start(s.now, CauseForced)
		kind = Refresh
	}
	s.epoch++
	s.join(s.now, Need{})
	s.flight.forced = true
	if !s.inAir() && s.cfg.share != Exclusive {
		s.flyAlone(s.now)
		kind = Refresh
	}
	s.await(kind)
	return s.end()
}

// timeOut ends a flight for its waiters. The attempt may still be running, and
// its answer is still good if it comes.
func (s *Session) timeOut(now Now) {
	f := s.flight
	at := 0
	if s.lost[0].ticket != 0 {
		at = 1
	}
	s.lost[at] = lostAttempt{f.ticket, f.seq, f.start, f.forced, f.against, !f.required, now.Elapsed + writeOffTime}
	s.counts.timeOuts++
	s.out.Cancelled = f.ticket
	s.out.Notes |= NoteTimedOut
	s.flightFailed(now, failure{f.ticket, CodeTimedOut, Recoverable}, 0)
}

// lostUntil is when a new attempt may start beside the lost ones: at most one of
// those may still run then. 0: now.
func (s *Session) lostUntil() int64 {
	if s.lost[0].ticket == 0 || s.lost[1].ticket == 0 {
		return 0
	}
	return min(s.lost[0].until, s.lost[1].until)
}

// quietLostUntil is when a new attempt that nobody waits for may start. It may not
// start beside a lost one: two such attempts would keep callers that must wait
// from having any, and show them the error of attempts that they never saw. If
// the set stays in use because a source hangs, one such attempt may start beside
// the one that hangs.
func (s *Session) quietLostUntil() int64 {
	until := s.lostUntil()
	for _, l := range s.lost {
		if l.ticket != 0 && (l.quiet || !s.servesOn()) {
			until = max(until, l.until)
		}
	}
	return until
}

// lostFailure is what callers get while no attempt may start beside the lost ones:
// the time-out of one that somebody waited for.
func (s *Session) lostFailure() failure {
	f, latest := failure{code: CodeTimedOut, class: Recoverable}, int64(0)
	for _, l := range s.lost {
		if !l.quiet && l.seq > latest {
			f.ticket, latest = l.ticket, l.seq
		}
	}
	return f
}

// takeLost removes a lost attempt that has reported after all. If it kept others
// from starting, leases run to the end of that time. They are void now; otherwise
// nobody would ask before the mandatory window.
func (s *Session) takeLost(ticket int64) (lostAttempt, bool) {
	for i, l := range s.lost {
		if l.ticket != ticket || ticket == 0 {
			continue
		}
		due := s.held.phase(s.now) >= PhaseAdvisory || s.held.rejected
		heldBack := due && s.quietLostUntil() > s.now.Elapsed
		s.lost[i] = lostAttempt{}
		if heldBack && s.quietLostUntil() <= s.now.Elapsed {
			s.epoch++
		}
		s.counts.late++
		return l, true
	}
	return lostAttempt{}, false
}

func (s *Session) unknownTicket() {
	s.counts.unknown++
	s.out.Notes |= NoteUnknownTicket
}
