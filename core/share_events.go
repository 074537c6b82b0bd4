package core

// answered begins an event that a store's answer is. The answer is taken before anything
// that is due: a process that was stopped must not mistake its own sleep for a sick
// store. An answer that nobody waits for changes nothing but a counter.
func (s *Session) answered(call int64, now Now, kinds ...Share) (c storeCall, at Now, ok bool) {
	s.out = nothing()
	if s.stage != stageOpen {
		return c, now, false
	}
	at = s.at(now)
	for _, pending := range []*storeCall{&s.flight.call, &s.share.parting.storeCall} {
		if call == 0 || pending.number != call {
			continue
		}
		for _, k := range kinds {
			if pending.kind == k {
				c, ok = *pending, true
				pending.number = 0
				return c, at, true
			}
		}
	}
	s.unknownTicket()
	return c, at, false
}

// after ends an event that a store's answer is.
func (s *Session) after(now Now) Decision {
	if s.stage == stageOpen {
		s.tick(now)
	}
	return s.end()
}

// ShareFound reports what a look has found. The host keeps the set of an entry under the
// number of the look before it calls.
func (s *Session) ShareFound(call int64, now Now, found Found) Decision {
	c, at, ok := s.answered(call, now, ShareLook)
	if ok {
		s.flight.call = storeCall{}
		s.storeAnswered()
		s.share.see(found.Turn, found.Generation)
		s.found(at, c, found)
	}
	return s.after(at)
}

func (s *Session) found(now Now, c storeCall, found Found) {
	f := &s.flight
	f.orphaned = found.Turn > found.Generation && found.Notice == 0 && found.Turn != f.turn
	f.failures = min(found.Notice/noticeCount, mostInARow)
	if s.adopt(now, c, found) && s.satisfied(now) {
		s.settle(outcome{ticket: f.ticket})
		return
	}
	alone := s.isAlone(now)
	switch {
	case alone && now.Elapsed-c.sent.Elapsed > s.cfg.shareCall && !f.slept:
		f.slept = true // the process slept on the answer: once more
		s.look(now)
	case alone:
		s.flyAlone(now)
	case found.TurnLeft > 0:
		s.follow(now, found.TurnLeft)
	case found.NoticeLeft > 0:
		s.heed(now, found)
	default:
		s.goFor(now)
	}
}

// goFor campaigns, but where an attempt would prompt a person whom nobody asked for.
func (s *Session) goFor(now Now) {
	if f := &s.flight; s.cfg.attended && !f.waited {
		s.share.again = s.halfway(now, 5*minute)
		s.settle(outcome{ticket: f.ticket})
		return
	}
	s.campaign(now)
}

// ShareLed reports how a campaign went. left is what remains of another's turn; 0: none
// runs, and the campaign was lost since the record is not what the look saw.
func (s *Session) ShareLed(call int64, now Now, number int64, won bool, left int64) Decision {
	c, at, ok := s.answered(call, now, ShareCampaign)
	if !ok {
		return s.after(at)
	}
	f := &s.flight
	f.call = storeCall{}
	s.storeAnswered()
	s.share.see(number)
	switch {
	case f.step == stepFly: // it was extended. If not, the flight goes on: its set is good
		f.extend = Never
		if won {
			f.extend = c.sent.Elapsed + s.cfg.shareTurn/3
		}
	case won:
		s.lead(at, c, number)
	case left > 0 && !s.isAlone(at):
		s.follow(at, left)
	default:
		s.lookAfterLoss(at)
	}
	return s.after(at)
}

// lead takes the turn. One that was won long ago may be over: the flight looks again.
func (s *Session) lead(now Now, c storeCall, number int64) {
	f := &s.flight
	f.turn = max(number, 1)
	f.extend = c.sent.Elapsed + s.cfg.shareTurn/3
	if s.cfg.share == Exclusive {
		f.extend = Never // the turn is a lock, which has no end by time
	}
	s.out.Notes |= NoteLed
	if f.orphaned {
		s.out.Notes |= NoteTookOver
	}
	if now.Elapsed-c.sent.Elapsed < s.cfg.shareTurn/2 || s.isAlone(now) && f.slept || s.cfg.share == Exclusive {
		s.flyAlone(now)
		return
	}
	s.look(now)
}

// lookAfterLoss looks again after a campaign that was lost to nobody who still has the turn.
// A store that says so again and again is asked at a follower's pace.
func (s *Session) lookAfterLoss(now Now) {
	f := &s.flight
	if f.lostTo++; f.lostTo > 1 && !s.isAlone(now) {
		s.follow(now, s.cfg.sharePoll)
		return
	}
	s.look(now)
}

// ShareFailed reports that a call of the store failed.
func (s *Session) ShareFailed(call int64, now Now, _ StoreFailure) Decision {
	c, at, ok := s.answered(call, now, ShareLook, ShareCampaign, SharePublish, ShareResign)
	switch {
	case !ok:
	case c.kind == SharePublish || c.kind == ShareResign:
		s.partingFailed(at)
	default:
		s.storeFailed(at)
	}
	return s.after(at)
}

// storeFailed has the flight go alone at once. The next looks are skipped for a while.
func (s *Session) storeFailed(now Now) {
	f, h := &s.flight, &s.share
	h.counts.failures++
	f.call = storeCall{}
	if f.step == stepFly { // only the turn was not extended: the next time, then
		f.extend = now.Elapsed + s.cfg.shareTurn/3
		return
	}
	if h.failures == 0 {
		s.out.Notes |= NoteStoreFailed
	}
	h.failures++
	if s.cfg.share == Exclusive {
		s.flightFailed(now, failure{f.ticket, CodeShareLock, Recoverable}, 0)
		return
	}
	// Sets that live for less than four minutes would come and go unshared for steps of a
	// minute after the store is back.
	longest := int64(minute)
	if s.held.ticket != 0 && s.held.lifetime < 4*minute {
		longest = s.held.lifetime / 4
	}
	h.until = now.Elapsed + s.draw(h.failures, 5*second, longest)
	s.flyAlone(now)
}

// storeAnswered ends the ladder of the store's failures.
//
//go:noinline
func (s *Session) storeAnswered() {
	if s.share.failures > 0 {
		s.out.Notes |= NoteStoreBack
	}
	s.share.failures, s.share.until = 0, 0
}

// ShareHint says that something has changed at the store, or may have. Nothing depends
// on it. A follower looks soon, but a flood of hints causes no flood of looks.
func (s *Session) ShareHint(now Now) Decision {
	if f := &s.flight; s.begin(now) && f.ticket != 0 && f.step == stepFollow {
		f.next = min(f.next, s.now.Elapsed+s.cfg.sharePoll/4)
	}
	return s.end()
}
