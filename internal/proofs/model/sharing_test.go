package model_test

import "github.com/evercreds/evercreds/core"

// sharing is what the text says that a session remembers of its group.
type sharing struct {
	seen     int64 // the highest number met
	dated    bool
	offset   int64 // the source's time less the elapsed clock, once it was told
	failures int64 // of the store in a row
	until    int64 // it is left alone before here
	again    int64 // no look that nobody waits for before here
	parting  *parting
}

// meeting is what a flight remembers of others, until it is in the air and beyond.
type meeting struct {
	asks     *storeCall // what it has asked of the store; nil: it follows, or flies
	waited   bool
	soloAt   int64 // waited for: it goes alone from here on
	patience int64 // W'
	next     int64 // it looks again here
	polls    int64
	turn     int64 // 0: none
	extendAt int64
	notices  int64
	left     int64 // the turn whose notice it met last
	failures int64 // of the group in a row
	orphan   bool  // the turn before ended without entry and notice
	losses   int64
	relooked bool
	minTTL   int64
	replaces uint64
}

// storeCall is a call, which gets its number when the host is told.
type storeCall struct {
	kind   core.Share
	number int64
	sent   core.Now
	until  int64
}

// parting is the publication or the resignation after a flight.
type parting struct {
	storeCall
	set      int64
	value    int64 // the generation, or the turn's number
	ends     bool  // it ends a turn
	replaces uint64
	notice   int64
	span     int64
	again    bool // it has failed once
}

func (m *model) shared() bool { return m.sharing != core.Unshared }

func notice(class core.Class, failures int64) int64 { return int64(class) + 16*failures }

// depart begins a flight with a look, but where the store is left alone.
func (m *model) depart() {
	f, s := m.flight, &m.share
	f.grounded, f.ticket = true, m.see.peek("flight", "ticket")
	if m.see.ticket != 0 {
		f.ticket = m.see.ticket
	}
	if h := m.held; h != nil && h.rejected {
		f.replaces = h.fingerprint
	}
	f.patience = m.wait
	if m.see.peek("flight", "ticket") == f.ticket {
		if f.patience = m.see.peek("flight", "patience"); f.patience < m.wait*3/4 || f.patience > m.wait {
			m.wrong("patience of %d ms, of %d", f.patience, m.wait)
		}
	}
	if m.sharing == core.Shared && s.until > m.now.Elapsed {
		m.flyAlone()
		return
	}
	if m.dueNow() {
		m.becomesWaitedFor()
	}
	f.deadline = m.now.Elapsed + m.longest(f)
	m.toStore(core.ShareLook)
}

// dueNow tells whether callers would have to wait.
func (m *model) dueNow() bool {
	return m.held == nil || m.held.rejected || m.phase() >= core.PhaseMandatory
}

// longest is a flight's time from its look to its end.
func (m *model) longest(f *attempt) int64 {
	return f.patience + 2*m.call + m.flightTime() + m.extra()
}

// extra is what a session's very first call may take longer.
func (m *model) extra() int64 {
	if m.counts[core.StatusShareCalls] > 0 {
		return 0
	}
	return max(0, m.firstCall-m.call)
}

// bound is B for a call of the flight: where somebody is served meanwhile, a twentieth of
// what his set has left, and 25 ms at least.
func (m *model) callBound(f *attempt) int64 {
	b := m.call + m.extra()
	if !f.waited && m.held != nil {
		b = min(b, m.left()/20)
	}
	return max(b, 25)
}

// toStore asks the store for the flight.
func (m *model) toStore(kind core.Share) {
	if kind == core.ShareCampaign && m.share.parting != nil && m.share.parting.ends {
		m.follow(m.poll) // the last turn's end would end this one
		return
	}
	m.flight.asks = &storeCall{kind: kind, until: m.now.Elapsed + m.callBound(m.flight)}
}

// becomesWaitedFor: others may keep it for W' from now on. If it follows, it looks at once.
func (m *model) becomesWaitedFor() {
	f := m.flight
	if f.waited {
		return
	}
	f.waited, f.soloAt = true, m.now.Elapsed+f.patience
	if !f.grounded {
		return
	}
	f.deadline = m.now.Elapsed + m.longest(f)
	if f.asks == nil && f.next > 0 {
		m.toStore(core.ShareLook)
	}
}

// require has a caller wait for the flight.
func (m *model) require() {
	m.flight.required = true
	if m.shared() {
		m.flight.minTTL = max(m.flight.minTTL, m.need.MinTTL)
		m.becomesWaitedFor()
	}
}

// keptEnough: W' is over.
func (m *model) keptEnough(f *attempt) bool {
	return m.sharing == core.Shared && f.waited && m.now.Elapsed >= f.soloAt
}

// flyAlone goes without asking any more: with the turn, if it has one.
func (m *model) flyAlone() {
	f := m.flight
	f.asks, f.next = nil, 0
	if f.turn == 0 {
		m.d.Notes |= core.NoteAlone
		m.counts[core.StatusShareAlone]++
	}
	m.fly()
}

// follow waits for another's turn that has so much left.
func (m *model) follow(left int64) {
	f := m.flight
	f.asks = nil
	m.d.Notes |= core.NoteFollowed
	switch {
	case f.waited:
		p := m.poll
		for n := int64(0); n < min(f.polls, 2); n++ {
			p *= 2
		}
		f.polls++
		least, most := max(min(left, p/2), m.poll/4), max(min(left, p), m.poll/4)
		m.looksAgain(least, most, m.sharing == core.Shared)
	case m.inline: // the host may freeze
		m.share.again = m.now.Elapsed + min(left, 60*minute)
		m.flight = nil
		m.endsHere(f)
	default:
		m.looksAgain(m.halfway(left), m.halfway(left+m.turn), false)
	}
}

// looksAgain takes over when a follower looks again: after a span between two, and where
// it may go alone not after that.
func (m *model) looksAgain(least, most int64, solo bool) {
	f, now := m.flight, m.now.Elapsed
	if solo {
		end := max(f.soloAt-now, 0)
		least, most = min(least, end), min(most, end)
	}
	f.next = now + most
	if m.see.peek("flight", "ticket") == f.ticket {
		f.next = m.see.peek("flight", "next")
	}
	m.within(f.next, now+least, now+most)
}

// halfway is a span, but never past half the time to Mandatory, nor shorter than a poll.
func (m *model) halfway(span int64) int64 {
	if h := m.held; h != nil && h.expiry < core.Never {
		span = min(span, (m.left()-h.mandatory)/2)
	}
	return min(max(span, m.poll), 12*60*minute)
}

// endsHere ends a flight that has brought nothing, and that nobody blames.
func (m *model) endsHere(f *attempt) {
	m.resign(f, 0, 0)
	m.settle(outcome{ticket: f.ticket})
}

// contents tells whether what is held ends a flight: it is not overdue, and lasts as long
// as each who waits needs.
func (m *model) contents(f *attempt) bool {
	return !m.dueNow() && m.left() >= f.minTTL
}
