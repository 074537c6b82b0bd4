package share

// The rules of the calls that write. Each takes the record and the store's clock, and gives
// the record as it is then, the answer, and whether something has changed.

// campaign is the rule of [Store.Campaign].
func (f fields) campaign(c Campaign, at clock) (fields, Turn, bool) {
	runs := f.turnEndsMS > at.now
	switch {
	case runs && f.owner != c.Owner:
		return f, Turn{Number: f.number, Left: at.turnLeft(f.turnEndsMS)}, false
	case !runs && (f.number != c.SawNumber || f.entry.Fingerprint != c.SawFingerprint):
		return f, Turn{Number: f.number}, false
	case !runs:
		f.number, f.owner = max(f.number, c.Seen)+1, c.Owner
	}
	f.turnEndsMS = at.latest + c.Length.Milliseconds()
	return f, Turn{Won: true, Number: f.number, Left: c.Length}, true
}

// publish is the rule of [Store.Publish].
func (f fields) publish(p Publication) (_ fields, stored, changed bool) {
	stored = f.mayStore(p)
	if stored {
		f.entry, f.notice, f.noticeEndsMS = p.Entry, nil, 0
	}
	ended := f.endTurn(p.Owner, p.Number)
	return f, stored, stored || ended
}

// mayStore is the write rule.
func (f fields) mayStore(p Publication) bool {
	old, e := f.entry, p.Entry
	switch {
	case len(old.Sealed) == 0:
		return true
	case old.Generation == e.Generation && old.Fingerprint == e.Fingerprint:
		return true
	case p.Junk != nil && old.Generation == p.Junk.Generation && old.Fingerprint == p.Junk.Fingerprint:
		return true
	}
	return e.Generation >= old.Generation && (e.ExpiryMS > old.ExpiryMS || old.Fingerprint == p.Replaces)
}

// resign is the rule of [Store.Resign].
func (f fields) resign(r Resignation, at clock) (_ fields, changed bool) {
	ended := f.endTurn(r.Owner, r.Number)
	if ended && len(r.Notice) > 0 {
		f.notice, f.noticeEndsMS = r.Notice, at.now+r.NoticeLength.Milliseconds()
	}
	return f, ended
}

// endTurn ends an owner's turn, whether or not its time is over. A call that comes late
// must not end the owner's next turn.
func (f *fields) endTurn(owner string, highest int64) bool {
	if f.owner != owner || f.turnEndsMS == 0 || f.number > highest {
		return false
	}
	f.turnEndsMS = 0
	return true
}
