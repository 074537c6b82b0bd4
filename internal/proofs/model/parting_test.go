package model_test

import "github.com/evercreds/evercreds/core"

// replacedBy is the fingerprint of the refused set in whose place a flight's set is.
func (m *model) replacedBy(f *attempt, before uint64) uint64 {
	switch h := m.held; {
	case h != nil && h.rejected:
		return h.fingerprint
	case f.need.Evidence == core.EvidenceStrong:
		return f.need.Other
	}
	return before
}

// publish gives the held set to the others.
func (m *model) publish(f *attempt, replaces uint64) {
	if !m.shared() {
		return
	}
	p := &parting{storeCall: storeCall{kind: core.SharePublish}, set: m.held.ticket, value: m.share.seen, replaces: replaces}
	if f != nil && f.turn != 0 {
		p.value, p.ends, f.turn = f.turn, true, 0
	}
	if old := m.share.parting; old != nil && old.ends { // of the flight that this set is late for
		p.ends = true
	}
	m.share.parting = p
}

// resign gives a flight's turn back.
func (m *model) resign(f *attempt, note, span int64) {
	if f == nil || f.turn == 0 {
		return
	}
	m.share.parting = &parting{storeCall: storeCall{kind: core.ShareResign}, value: f.turn, ends: true, notice: note, span: span}
	f.turn = 0
}

// resignFailed leaves a notice: a minute after a permanent failure, the pause that the
// source asked for, or a step of the advisory ladder for the group's failures in a row.
func (m *model) resignFailed(f *attempt, class core.Class, pause int64) {
	if f.turn == 0 {
		return
	}
	failures := min(f.failures+1, 1<<20)
	switch {
	case class == core.Permanent:
		m.resign(f, notice(class, failures), minute)
	case pause > 0:
		m.resign(f, notice(core.Throttled, failures), min(max(pause, second), minute))
	default:
		step, span := ladder(5*second, minute, failures), m.see.peek("share", "parting", "span")
		if m.see.peek("share", "parting", "kind") != int64(core.ShareResign) {
			span = step // something else has taken its place in the same event
		}
		m.within(span, step/2, step)
		m.resign(f, notice(class, failures), span)
	}
}

// partingFails: a publication is tried once more, and a resignation is not.
func (m *model) partingFails() {
	p := m.share.parting
	m.counts[core.StatusShareFailures]++
	if p.kind != core.SharePublish || p.again || m.share.failures > 0 {
		m.share.parting = nil
		return
	}
	p.number, p.again = 0, true
}

// tellStore puts a call of the store into the decision: the flight's, else the other.
func (m *model) tellStore() {
	if !m.shared() {
		return
	}
	if f := m.flight; f != nil && f.asks != nil && f.asks.number == 0 {
		bound := m.callBound(f)
		if f.asks.kind == core.ShareCampaign {
			m.d.ShareNumber, m.d.ShareSpan = m.share.seen, m.turn
		}
		m.tellCall(f.asks, bound)
		return
	}
	p, s, h := m.share.parting, &m.share, m.held
	if p == nil || p.number != 0 {
		return
	}
	if p.kind == core.SharePublish {
		switch useless := h == nil || m.closed || h.ticket != p.set || h.rejected || m.left() <= 0; {
		case useless && !p.ends:
			s.parting = nil
			return
		case useless: // but the turn is to be given back
			p = &parting{storeCall: storeCall{kind: core.ShareResign}, value: p.value, ends: p.ends}
			s.parting = p
		case s.until > m.now.Elapsed:
			return
		}
	}
	m.d.ShareNumber = p.value
	if p.kind == core.ShareResign {
		m.d.ShareSpan, m.d.ShareNotice = p.span, p.notice
	} else {
		m.d.ShareSet, m.d.ShareSpan = p.set, m.left()
		m.d.ReplacesHigh, m.d.ReplacesLow = int64(p.replaces>>32), int64(p.replaces&0xffffffff)
	}
	m.tellCall(&p.storeCall, m.call)
}

func (m *model) tellCall(c *storeCall, bound int64) {
	if m.see.call == 0 {
		m.wrong("call %d of the store should have been made", c.kind)
	}
	c.number, c.sent, c.until = m.see.call, m.now, m.now.Elapsed+bound
	m.d.Share, m.d.ShareCall, m.d.ShareUntil = c.kind, c.number, c.until
	m.counts[core.StatusShareCalls]++
}
