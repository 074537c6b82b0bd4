package model_test

import (
	"slices"

	"github.com/evercreds/evercreds/core"
)

// heard begins an answer of the store: it is taken before anything that is due.
func (m *model) heard(call int64, now core.Now, see *observed, kinds ...core.Share) *storeCall {
	if m.event(now, see); m.closed {
		return nil
	}
	if f := m.flight; f != nil && f.asks != nil && f.asks.number == call && call != 0 && slices.Contains(kinds, f.asks.kind) {
		c := f.asks
		f.asks = nil
		return c
	}
	if p := m.share.parting; p != nil && p.number == call && call != 0 && slices.Contains(kinds, p.kind) {
		return &p.storeCall
	}
	m.unknown()
	return nil
}

func (m *model) afterStore() core.Decision {
	if !m.closed {
		m.wakeUp()
	}
	return m.finish()
}

func (m *model) storeIsWell() {
	if m.share.failures > 0 {
		m.d.Notes |= core.NoteStoreBack
	}
	m.share.failures, m.share.until = 0, 0
}

func (m *model) meets(numbers ...int64) {
	for _, n := range numbers {
		if n < core.Never-1 { // no store can have given a higher one
			m.share.seen = max(m.share.seen, n)
		}
	}
}

func (m *model) found(call int64, now core.Now, e core.Found, see *observed) core.Decision {
	c := m.heard(call, now, see, core.ShareLook)
	if c == nil {
		return m.afterStore()
	}
	m.storeIsWell()
	m.meets(e.Turn, e.Generation)
	f := m.flight
	f.orphan = e.Turn > e.Generation && e.Notice == 0 && e.Turn != f.turn
	f.failures = min(e.Notice/16, 1<<20)
	if m.adopts(c, e) && m.contents(f) {
		m.flight = nil
		m.endsHere(f)
		return m.afterStore()
	}
	switch old := m.now.Elapsed-c.sent.Elapsed > m.call; {
	case m.keptEnough(f) && old && !f.relooked:
		f.relooked = true
		m.toStore(core.ShareLook)
	case m.keptEnough(f):
		m.flyAlone()
	case e.TurnLeft > 0:
		m.follow(e.TurnLeft)
	case e.NoticeLeft > 0:
		m.meetsNotice(e)
	default:
		m.goesForIt()
	}
	return m.afterStore()
}

// goesForIt campaigns. Nobody is prompted for a set that nobody waits for.
func (m *model) goesForIt() {
	if f := m.flight; m.attended && !f.waited {
		m.share.again = m.now.Elapsed + m.halfway(5*minute)
		m.flight = nil
		m.endsHere(f)
		return
	}
	m.toStore(core.ShareCampaign)
}

// adopts installs an entry's set if it has time left and is better than what is held.
func (m *model) adopts(c *storeCall, e core.Found) bool {
	f, h := m.flight, m.held
	switch {
	case e.Expiry <= 0 || e.Expiry > 253402300800000 && e.Expiry != core.Never || f.forced:
		return false
	case e.Fingerprint != 0 && slices.Contains(m.rejected, e.Fingerprint):
		return false
	case h == nil:
	case h.fingerprint == e.Fingerprint:
		return false
	case !h.rejected && !f.reporter && e.Replaces != h.fingerprint && e.Expiry <= h.expiry:
		return false
	}
	s := &set{ticket: c.number, fingerprint: e.Fingerprint, expiry: e.Expiry, fetched: m.now.Elapsed, installed: m.now.Elapsed}
	s.checked = f.need.Evidence == core.EvidenceWeak
	if e.Expiry == core.Never {
		if m.method != core.MethodCustom {
			return false
		}
		s.wall, s.elapsed, s.lifetime = core.Never, core.Never, core.Never
	} else if !m.dates(s, c, e) {
		return false
	}
	m.install(s)
	m.counts[core.StatusShareAdopted]++
	m.d.Notes |= core.NoteAdopted
	return true
}

// dates says when an adopted set ends, by the earlier of two clocks, from the look's
// start on. The set has no longer a life than the entry says, or AWS gives.
func (m *model) dates(s *set, c *storeCall, e core.Found) bool {
	took := m.now.Elapsed - c.sent.Elapsed
	source := max(c.sent.Wall, m.now.Wall-took)
	if m.share.dated {
		source = m.share.offset + c.sent.Elapsed
	}
	left := min(e.Expiry-source, e.Left)
	if m.method != core.MethodCustom {
		left = min(left, 12*60*minute)
	}
	if e.Life > 0 {
		left = min(left, e.Life)
	}
	s.lifetime = max(e.Life, left)
	s.elapsed = c.sent.Elapsed + left
	s.wall = min(c.sent.Wall, m.now.Wall-took) + left
	return min(s.elapsed-m.now.Elapsed, s.wall-m.now.Wall) > 0
}

// learnTime: the source has told its time.
func (m *model) learnTime(f *attempt, facts core.Facts) {
	if m.shared() && trusted(facts) {
		m.share.dated, m.share.offset = true, facts.ServerTime-f.start.Elapsed
	}
}

func (m *model) led(call int64, now core.Now, number int64, won bool, left int64, see *observed) core.Decision {
	c := m.heard(call, now, see, core.ShareCampaign)
	if c == nil {
		return m.afterStore()
	}
	m.storeIsWell()
	m.meets(number)
	f := m.flight
	switch {
	case !f.grounded: // the turn was to be extended
		f.extendAt = core.Never
		if won {
			f.extendAt = c.sent.Elapsed + m.turn/3
		}
	case won:
		m.leads(c, number)
	case left > 0 && !m.keptEnough(f):
		m.follow(left)
	default: // nobody has it any more
		f.losses++
		if f.losses > 1 && !m.keptEnough(f) {
			m.follow(m.poll)
		} else {
			m.toStore(core.ShareLook)
		}
	}
	return m.afterStore()
}

func (m *model) leads(c *storeCall, number int64) {
	f := m.flight
	f.turn, f.extendAt = max(1, number), c.sent.Elapsed+m.turn/3
	m.d.Notes |= core.NoteLed
	if f.orphan {
		m.d.Notes |= core.NoteTookOver
	}
	exclusive := m.sharing == core.Exclusive
	if exclusive {
		f.extendAt = core.Never
	}
	if exclusive || m.now.Elapsed-c.sent.Elapsed < m.turn/2 || m.keptEnough(f) && f.relooked {
		m.flyAlone()
		return
	}
	m.toStore(core.ShareLook)
}

// meetsNotice: the last leader's attempt failed.
func (m *model) meetsNotice(e core.Found) {
	f, now := m.flight, m.now.Elapsed
	if !f.waited {
		m.d.Notes |= core.NoteHeldByNotice
		f.next = now + min(e.NoticeLeft, minute)
		if m.inline {
			m.share.again = f.next
			m.flight = nil
			m.endsHere(f)
		}
		return
	}
	again := f.notices > 0 && f.left == e.Turn
	if !again {
		f.notices, f.left = f.notices+1, e.Turn
	}
	class := core.Class(e.Notice % 16)
	switch {
	case m.sharing == core.Exclusive:
		m.toStore(core.ShareCampaign)
	case class == core.Permanent || f.notices > 1:
		m.flyAlone()
	case class == core.Throttled && !again:
		m.looksAgain(0, min(e.NoticeLeft, minute), true)
	default:
		m.toStore(core.ShareCampaign)
	}
}

func (m *model) storeFailed(call int64, now core.Now, see *observed) core.Decision {
	c := m.heard(call, now, see, core.ShareLook, core.ShareCampaign, core.SharePublish, core.ShareResign)
	switch {
	case c == nil:
	case c.kind == core.SharePublish || c.kind == core.ShareResign:
		m.partingFails()
	default:
		m.storeFails()
	}
	return m.afterStore()
}

// storeFails: a look or a campaign has failed.
func (m *model) storeFails() {
	f, s, now := m.flight, &m.share, m.now.Elapsed
	m.counts[core.StatusShareFailures]++
	f.asks = nil
	if !f.grounded {
		f.extendAt = now + m.turn/3
		return
	}
	if s.failures++; s.failures == 1 {
		m.d.Notes |= core.NoteStoreFailed
	}
	if m.sharing == core.Exclusive {
		m.flight = nil
		m.fails(f, core.CodeShareLock, core.Recoverable, 0)
		return
	}
	most := int64(minute)
	if m.held != nil {
		most = min(most, m.held.lifetime/4)
	}
	step := ladder(5*second, most, s.failures)
	s.until = m.see.peek("share", "until")
	m.within(s.until, now+step/2, now+step)
	m.flyAlone()
}

func (m *model) done(call int64, now core.Now, stored bool, see *observed) core.Decision {
	c := m.heard(call, now, see, core.SharePublish, core.ShareResign)
	if c == nil {
		return m.afterStore()
	}
	m.share.parting = nil
	m.storeIsWell()
	switch {
	case c.kind == core.ShareResign:
	case stored:
		m.counts[core.StatusSharePublished]++
		m.d.Notes |= core.NotePublished
	default:
		m.counts[core.StatusShareRefused]++
		m.d.Notes |= core.NotePublishRefused
	}
	return m.afterStore()
}

func (m *model) hint(now core.Now, see *observed) core.Decision {
	if m.event(now, see); !m.closed {
		m.wakeUp()
		if f := m.flight; f != nil && f.grounded && f.asks == nil {
			f.next = min(f.next, m.now.Elapsed+m.poll/4)
		}
	}
	return m.finish()
}
