package core

// step is where a flight stands on its way to a set.
type step int32

const (
	stepFly    step = iota // it is in the air: the source was called. All flights of sessions that do not share
	stepAsk                // a look or a campaign is under way at the store
	stepFollow             // it waits for another's turn, or for a notice's end
)

// meeting is what a flight knows of the others in its group.
type meeting struct {
	step     step
	call     storeCall // a look, or a campaign
	waited   bool      // somebody waits for it, or callers would have to
	alone    int64     // waited for: it flies without a turn from here on
	patience int64     // how long it may be kept for others' sake: W'
	next     int64     // following: it looks again here
	polls    int64     // looks of a follower that somebody waits for
	turn     int64     // the number of its turn; 0: none
	extend   int64     // in the air: the turn is extended here
	notices  int64     // that it met
	noticed  int64     // the number of the turn that left the last of them
	failures int64     // of the group in a row, by the last look
	orphaned bool      // the turn before ended without an entry and without a notice
	lostTo   int64     // campaigns that were lost although no turn ran
	slept    bool      // it looked once more because an answer was old
	minTTL   int64     // the largest that a caller who waits needs
	replaces uint64    // the refused set in whose place it is
}

// depart begins a flight at the store, or in the air: a store that failed is left alone
// for a while. Without the turn no exclusive flight may go.
func (s *Session) depart(now Now) {
	f := &s.flight
	s.seq++
	f.seq = s.seq
	if s.held.ticket != 0 && s.held.rejected {
		f.replaces = s.held.fingerprint
	}
	f.patience = s.rng.between(s.cfg.shareWait*3/4, s.cfg.shareWait)
	if s.cfg.share != Exclusive && s.share.until > now.Elapsed {
		s.flyAlone(now)
		return
	}
	if s.due(now) {
		s.press(now)
	}
	f.deadline = now.Elapsed + s.longest()
	s.look(now)
}

// due tells whether callers would have to wait.
func (s *Session) due(now Now) bool { return s.held.ticket == 0 || s.held.overdue(now) }

// longest is how long a flight lasts at most from its look on.
func (s *Session) longest() int64 {
	return s.flight.patience + 2*s.cfg.shareCall + s.flightTime() + s.meetTime()
}

// look asks the store what there is.
//
//go:noinline
func (s *Session) look(now Now) {
	s.flight.step = stepAsk
	s.flight.call = storeCall{kind: ShareLook, until: now.Elapsed + s.callTime(now)}
}

// campaign tries for the turn. While the end of the last turn is on its way to the store,
// it waits: that would end the new one too, which has the same number if the store takes
// it for the same.
func (s *Session) campaign(now Now) {
	if s.share.parting.led {
		s.follow(now, s.cfg.sharePoll)
		return
	}
	s.flight.step = stepAsk
	s.flight.call = storeCall{kind: ShareCampaign, until: now.Elapsed + s.callTime(now)}
}

// meetTime is what the first call may take beside the others' bound: the host may have to
// learn first which group it belongs to.
//
//go:noinline
func (s *Session) meetTime() int64 {
	if s.share.counts.calls > 0 {
		return 0
	}
	return max(0, s.cfg.shareMeet-s.cfg.shareCall)
}

// callTime is how long a call of the store may take. A set that is served meanwhile
// bounds it.
//
//go:noinline
func (s *Session) callTime(now Now) int64 {
	most := s.cfg.shareCall + s.meetTime()
	if !s.flight.waited && s.held.ticket != 0 {
		most = min(most, s.held.remaining(now)/20)
	}
	return max(most, 25)
}

// flyAlone puts the flight into the air without asking the store any more.
func (s *Session) flyAlone(now Now) {
	s.flight.step, s.flight.call = stepFly, storeCall{}
	if s.flight.turn == 0 {
		s.share.counts.alone++
		s.out.Notes |= NoteAlone
	}
	s.fly(now)
}

// join has a caller wait for the flight under way.
func (s *Session) join(now Now, need Need) {
	f := &s.flight
	f.required = true
	if s.shares() {
		f.minTTL = max(f.minTTL, need.MinTTL)
		s.press(now)
	}
}

// press makes the flight one that is waited for: from now on, others may keep it for
// so long and no longer.
func (s *Session) press(now Now) {
	f := &s.flight
	if f.waited {
		return
	}
	f.waited = true
	f.alone = now.Elapsed + f.patience
	if f.step == stepFly {
		return
	}
	f.deadline = now.Elapsed + s.longest()
	if f.step == stepFollow {
		s.look(now)
	}
}

// isAlone tells whether the flight has been kept for long enough.
//
//go:noinline
func (s *Session) isAlone(now Now) bool {
	f := &s.flight
	return f.waited && now.Elapsed >= f.alone && s.cfg.share != Exclusive
}

// follow waits for another's turn of which so much is left. Where callers wait, it looks
// again and again: the first time soon, later less often.
func (s *Session) follow(now Now, left int64) {
	f, poll := &s.flight, s.cfg.sharePoll
	f.step, f.call = stepFollow, storeCall{}
	s.out.Notes |= NoteFollowed
	switch {
	case f.waited:
		span := poll << min(f.polls, 2)
		f.polls++
		span = max(min(left, s.rng.between(span/2, span)), poll/4)
		f.next = now.Elapsed + span
		if s.cfg.share != Exclusive {
			f.next = min(f.next, max(f.alone, now.Elapsed))
		}
	case s.cfg.inline: // the host may freeze: the flight ends here, and a later caller begins anew
		s.share.again = add(now.Elapsed, min(left, hour))
		s.settle(outcome{ticket: f.ticket})
	default:
		f.next = s.halfway(now, add(left, s.rng.between(0, s.cfg.shareTurn)))
	}
}

// halfway is the end of a span, but never past half the time to the mandatory window.
func (s *Session) halfway(now Now, span int64) int64 {
	if s.held.ticket != 0 && !s.held.endless() {
		span = min(span, (s.held.remaining(now)-s.held.mandatory)/2)
	}
	return now.Elapsed + min(max(span, s.cfg.sharePoll), 12*hour)
}

// tickShare does what is due at the store.
func (s *Session) tickShare(now Now) {
	s.tickParting(now)
	f := &s.flight
	if f.ticket == 0 {
		return
	}
	if f.step != stepFly && s.due(now) {
		s.press(now)
	}
	switch {
	case f.call.number != 0 && now.Elapsed >= f.call.until:
		s.storeFailed(now)
	case f.step == stepFollow && now.Elapsed >= f.next:
		s.look(now) // also where W' is over: a set may have come since the last look
	case f.step == stepFly && f.turn != 0 && f.call.kind == ShareNone && now.Elapsed >= f.extend:
		f.call = storeCall{kind: ShareCampaign, until: now.Elapsed + s.callTime(now)}
	}
	if s.cfg.share == Exclusive && f.ticket != 0 && f.step != stepFly && f.required && now.Elapsed >= f.deadline {
		s.flightFailed(now, failure{f.ticket, CodeShareBusy, Recoverable}, 0)
	}
}

// shareWake is when something is due at the store by itself.
func (s *Session) shareWake(now Now) int64 {
	at, f, p := Never, &s.flight, &s.share.parting
	if p.kind != ShareNone {
		at = min(at, p.wake(now, s.share.until))
	}
	if f.ticket == 0 {
		return min(at, s.idleAt(now))
	}
	return min(at, s.flightWake(now))
}

// flightWake is when something is due by itself for the flight under way.
func (s *Session) flightWake(now Now) int64 {
	f := &s.flight
	if f.step == stepFly {
		at := f.deadline
		switch {
		case f.turn == 0:
		case f.call.kind == ShareNone:
			at = min(at, f.extend)
		default:
			at = min(at, f.call.until)
		}
		return at
	}
	at := f.next
	if f.step == stepAsk {
		at = f.call.until
	}
	if !f.waited && !s.held.endless() {
		at = min(at, now.Elapsed+s.held.remaining(now)-s.held.mandatory)
	}
	if s.cfg.share == Exclusive && f.required {
		at = min(at, f.deadline)
	}
	return max(at, now.Elapsed)
}
