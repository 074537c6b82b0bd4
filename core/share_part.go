package core

// parting is what a flight does at the store at its end: it publishes its set, or it
// resigns. Nobody waits for it.
type parting struct {
	storeCall
	set        int64 // publish: the set, by its ticket
	generation int64 // publish: of the entry; resign: the number of the turn
	led        bool  // it ends a turn
	replaces   uint64
	notice     int64 // resign: as in Found
	span       int64 // how long the notice holds others off
	repeated   bool  // it failed before
}

// wake is when something is due for it by itself.
func (p *parting) wake(now Now, storeUntil int64) int64 {
	switch {
	case p.number != 0:
		return p.until
	case p.kind == SharePublish:
		return max(now.Elapsed, storeUntil)
	}
	return now.Elapsed
}

// publish gives the set that a flight has brought to the group.
func (s *Session) publish(turn int64, replaces uint64) {
	if !s.shares() {
		return
	}
	generation := turn
	if turn == 0 {
		generation = s.share.seen
	}
	s.flight.turn = 0 // the publication ends the turn
	s.share.parting = parting{
		storeCall: storeCall{kind: SharePublish}, set: s.held.ticket, generation: generation, replaces: replaces,
		led: turn != 0 || s.share.parting.led, // it takes the place of a resignation too
	}
}

// resign ends the turn. A notice says why, and how long others are to hold off.
//
//go:noinline
func (s *Session) resign(notice, span int64) {
	if s.flight.turn == 0 {
		return
	}
	s.share.parting = parting{storeCall: storeCall{kind: ShareResign}, generation: s.flight.turn, led: true, notice: notice, span: span}
	s.flight.turn = 0
}

// leaveGroup is what a session that closes has left of sharing: its counters, and a turn
// to give back, without a notice.
func (s *Session) leaveGroup() sharing {
	s.share.parting = parting{}
	s.resign(0, 0)
	return sharing{parting: s.share.parting, counts: s.share.counts}
}

// resignFailed leaves a notice of a failed attempt.
func (s *Session) resignFailed(f failure, floor int64) {
	if s.flight.turn == 0 {
		return
	}
	class, span, count := f.class, minute, min(s.flight.failures+1, mostInARow)
	switch {
	case class == Permanent:
	case floor > 0:
		class, span = Throttled, min(max(floor, second), minute)
	default:
		span = s.draw(count, 5*second, minute)
	}
	s.resign(int64(class)+noticeCount*count, span)
}

// heed does what a notice of an attempt that failed elsewhere asks for. It never fails a
// flight that somebody waits for, but a flight that meets a second one goes alone.
func (s *Session) heed(now Now, found Found) {
	f := &s.flight
	if !f.waited {
		s.out.Notes |= NoteHeldByNotice
		f.step, f.next = stepFollow, now.Elapsed+min(found.NoticeLeft, minute)
		if s.cfg.inline {
			s.share.again = f.next
			s.settle(outcome{ticket: f.ticket})
		}
		return
	}
	known := f.notices > 0 && f.noticed == found.Turn
	if !known {
		f.notices++
		f.noticed = found.Turn
	}
	class := Class(found.Notice % noticeCount)
	switch {
	case s.cfg.share == Exclusive:
		s.campaign(now)
	case class == Permanent, f.notices > 1:
		s.flyAlone(now)
	case class == Throttled && !known:
		f.step = stepFollow
		f.next = min(now.Elapsed+s.rng.between(0, min(found.NoticeLeft, minute)), max(f.alone, now.Elapsed))
	default:
		s.campaign(now)
	}
}

// tickParting gives up a call that has no answer in time.
func (s *Session) tickParting(now Now) {
	if p := &s.share.parting; p.number != 0 && now.Elapsed >= p.until {
		s.partingFailed(now)
	}
}

// partingFailed repeats a publication once. The store's ladder does not begin: what
// failed was for the others.
func (s *Session) partingFailed(Now) {
	p := &s.share.parting
	s.share.counts.failures++
	if p.kind != SharePublish || p.repeated || s.share.failures > 0 {
		*p = parting{}
		return
	}
	p.number, p.repeated = 0, true
}

// ShareDone reports that a publication was stored or refused, or that the turn was
// given back.
func (s *Session) ShareDone(call int64, now Now, stored bool) Decision {
	c, at, ok := s.answered(call, now, SharePublish, ShareResign)
	if !ok {
		return s.after(at)
	}
	s.share.parting = parting{}
	s.storeAnswered()
	switch {
	case c.kind == ShareResign:
	case stored:
		s.share.counts.published++
		s.out.Notes |= NotePublished
	default:
		s.share.counts.refused++
		s.out.Notes |= NotePublishRefused
	}
	return s.after(at)
}

// tellShare tells the host of one call of the store: a decision carries at most one. The
// flight's comes first; the other one follows in the next decision.
func (s *Session) tellShare() {
	c, p := &s.flight.call, &s.share.parting
	if c.kind != ShareNone && c.number == 0 {
		s.tell(c)
		if c.kind == ShareCampaign {
			s.out.ShareNumber, s.out.ShareSpan = s.share.seen, s.cfg.shareTurn
		}
		return
	}
	if p.kind == ShareNone || p.number != 0 {
		return
	}
	if p.kind == SharePublish {
		switch h := &s.held; {
		case h.ticket != p.set || s.stage != stageOpen || h.rejected || h.remaining(s.now) <= 0:
			led, turn := p.led, p.generation // it is nothing for others any more
			*p = parting{}
			if !led {
				return
			}
			p.kind, p.generation, p.led = ShareResign, turn, true
		case s.share.until > s.now.Elapsed:
			return
		}
	}
	s.tell(&p.storeCall)
	d := &s.out
	d.ShareNumber = p.generation
	if p.kind == ShareResign {
		d.ShareSpan, d.ShareNotice = p.span, p.notice
		return
	}
	d.ShareSet, d.ShareSpan = p.set, s.held.remaining(s.now)
	d.ReplacesHigh, d.ReplacesLow = int64(p.replaces>>32), int64(p.replaces&(1<<32-1))
}

// tell numbers a call, and puts it into the decision.
func (s *Session) tell(c *storeCall) {
	c.number, c.sent = s.ticket.next(&s.rng), s.now
	c.until = s.now.Elapsed + s.cfg.shareCall
	if c == &s.flight.call {
		c.until = s.now.Elapsed + s.callTime(s.now)
	}
	s.share.counts.calls++
	s.out.Share, s.out.ShareCall, s.out.ShareUntil = c.kind, c.number, c.until
}
