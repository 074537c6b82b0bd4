package core

// A session is calm while it holds a fresh set and nothing is under way: Ask without a
// need serves that set, Wake finds nothing due, and neither changes more than the time.
// Each other event works out anew how long that lasts, so that these two look at
// nothing else.

// calmUntil is the end of the calm on both clocks: where the advisory window begins. The
// zero value, which has passed, stands for a session that is not calm.
func (s *Session) calmUntil() Now {
	h := &s.held
	switch {
	case s.stage != stageOpen, h.ticket == 0, h.rejected, h.endless():
	case s.flight.ticket != 0, s.lost[0].ticket != 0, s.lost[1].ticket != 0, s.shares():
	case s.idleAt(s.now) != Never: // eager: when it wakes moves with the wall clock
	case s.permanentShown():
	default:
		return Now{Wall: h.wall - h.advisory, Elapsed: h.elapsed - h.advisory}
	}
	return Now{}
}

// staysCalm takes the time of an event, if the session is calm still.
//
//go:noinline
func (s *Session) staysCalm(now Now) bool {
	now = now.clamped()
	now.Elapsed = max(now.Elapsed, s.now.Elapsed)
	if now.Wall >= s.calm.Wall || now.Elapsed >= s.calm.Elapsed {
		return false
	}
	s.now = now
	return true
}

// calmly is the decision of an event that changes nothing.
//
//go:noinline
func (s *Session) calmly() Decision {
	d := nothing()
	d.Epoch, d.Held, d.Phase = s.epoch, s.held.ticket, PhaseFresh
	return d
}

// calmlyServed is the same with the set, whose lease is the rest of the calm.
func (s *Session) calmlyServed() Decision {
	d, left := s.calmly(), min(s.calm.Wall-s.now.Wall, s.calm.Elapsed-s.now.Elapsed)
	d.Kind, d.Set, d.Expiry = Serve, s.held.ticket, s.held.wall
	d.LeaseElapsed, d.LeaseWall = s.now.Elapsed+left, s.now.Wall+left
	return d
}
