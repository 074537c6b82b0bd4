package group

import (
	"slices"

	"github.com/evercreds/evercreds/core"
)

// Of a session nobody reads again: its last decision; the time of the last event, since a
// later one has a later time; what is only counted, the count of tickets with them, of which
// only the names matter; and epochs, which are told by the end of each event. Its generator
// is set anew before each step (Room.steady).
var unread = placesOf("out", "calm", "now", "epoch", "told", "rng", "ticket", "flight.meeting.orphaned")

// Instants that have passed hold nothing off any more, whenever that was.
var holds = placesOf("required.until", "quiet.until", "static", "stalled", "spaced", "share.until", "share.again",
	"flight.meeting.alone", "flight.meeting.next")

// More than so many are as good as that.
var few = []struct {
	place
	most int64
}{{placeOf("flight.meeting.polls"), 2}, {placeOf("flight.meeting.lostTo"), 2}, {placeOf("flight.meeting.notices"), 2}, {placeOf("share.counts.calls"), 1}}

// Tickets are compared with each other, and no new one was ever there before. So they are
// renamed in the order in which they stand here. Of failures only whether there is one is
// asked.
var (
	tickets = placesOf("flight.ticket", "held.ticket", "flight.meeting.call.number", "share.parting.storeCall.number", "share.parting.set",
		"lost.0.ticket", "lost.1.ticket")
	failed = placesOf("last.ticket", "required.failure.ticket", "quiet.failure.ticket")
)

// Only the order of flights matters, and that the next one is later than all.
var (
	lastSeq = placeOf("seq")
	order   = placesOf("held.seq", "lost.0.seq", "lost.1.seq", "flight.seq")
)

var (
	generator  = placeOf("rng")
	counts     = placeOf("counts")
	installs   = placeOf("counts.installs")
	shareCount = placeOf("share.counts")
	shareCalls = placeOf("share.counts.calls")
	outcomes   = func() (all [8]outcome) {
		for i := range all {
			at := "outcomes." + string(rune('0'+i))
			all[i] = outcome{placeOf(at), placeOf(at + ".ticket"), placeOf(at + ".failure.ticket"), placeOf(at + ".installs"), placeOf(at + ".retryAt")}
		}
		return all
	}()
	oldest    = placeOf("oldest")
	step      = placeOf("flight.meeting.step")
	next      = placeOf("flight.meeting.next")
	parting   = placeOf("share.parting.set")
	turn      = placeOf("flight.meeting.turn")
	alone     = placeOf("flight.meeting.alone")
	deadline  = placeOf("flight.deadline") // it ends waits: all that are later than the room are one
	idleFrom  = placeOf("idleFrom")
	installed = placeOf("held.installed")
)

type outcome struct {
	place
	ticket, failure, installs, retryAt place
}

// steady has every draw of a session's generator be the first of one generator, the same
// for all. A session may draw anything, so this is one choice of what each draws (Plan.Draws):
// processes then differ by their history alone, and a draw leaves nothing behind. Processes
// that look at the same instant do so in all orders. What they draw apart, Random plays.
func (r *Room) steady(m *member) {
	if r.rng == nil {
		*generator.word(&m.session) = int64(r.plan.Draws)
	}
}

// plain is a member as later steps see it.
func (r *Room) plain(m member) member {
	if m.dead {
		return member{dead: true}
	}
	p, s := r.plan, &m.session
	m.plainOutcomes(r.now)
	calls := *shareCalls.word(s)
	clear(counts.bytes(s))
	clear(shareCount.bytes(s))
	*shareCalls.word(s) = calls
	for _, f := range few {
		*f.word(s) = min(*f.word(s), f.most)
	}
	m.plainTickets()
	for _, f := range unread {
		clear(f.bytes(s))
	}
	for _, f := range holds {
		forgetPast(f.word(s), r.now)
	}
	if step.bytes(s)[0] != following {
		*next.word(s) = 0 // it is set when the flight begins to follow
	}
	if !p.Eager {
		*idleFrom.word(s) = 0
	}
	if p.Faults.Revoke == 0 && !p.Odd {
		*installed.word(s) = 0 // asked where sets are rejected
	}
	if p.Exclusive {
		*alone.word(s) = 0 // no exclusive flight goes alone
	}
	*deadline.word(s) = min(*deadline.word(s), p.Horizon+1)
	m.plainOrder()
	m.plainHost(p, r.now)
	return m
}

// following is the step in which a flight waits for another's.
const following = 2

// forgetPast blanks an instant that has passed.
func forgetPast(at *int64, now int64) {
	if *at <= now {
		*at = 0
	}
}

// plainOutcomes keeps the outcome that a caller waits for: nobody asks for another. What
// counts is whether a set was installed since, and how many flights may end before it is
// forgotten.
func (m *member) plainOutcomes(now int64) {
	s := &m.session
	at := slices.IndexFunc(outcomes[:], func(o outcome) bool { return m.waits != 0 && *o.ticket.word(s) == m.waits })
	var kept [256]byte
	size := int(outcomes[0].size)
	room := int64(0)
	if at >= 0 {
		o := outcomes[at]
		newer := *installs.word(s) > *o.installs.word(s)
		*o.installs.word(s) = map[bool]int64{true: 1}[newer]
		*o.failure.word(s) = min(*o.failure.word(s), 1)
		forgetPast(o.retryAt.word(s), now)
		*o.ticket.word(s) = 1 // it is that of m.waits
		copy(kept[:size], o.bytes(s))
		room = 1 + (int64(at)-*oldest.word(s)+8)%8
	}
	for _, o := range outcomes {
		clear(o.bytes(s))
	}
	copy(outcomes[0].bytes(s), kept[:size])
	*oldest.word(s) = room
}

// plainTickets renames tickets.
func (m *member) plainTickets() {
	var met [24]int64
	n := 0
	rename := func(t *int64) {
		if *t == 0 {
			return
		}
		i := slices.Index(met[:n], *t)
		if i < 0 {
			met[n] = *t
			i, n = n, n+1
		}
		*t = int64(i) + 1
	}
	s := &m.session
	for _, f := range tickets {
		rename(f.word(s))
	}
	for _, f := range failed {
		*f.word(s) = min(*f.word(s), 1)
	}
	// the rest is the host's; what it has kept under other tickets is not used any more
	for _, t := range []*int64{&m.flight, &m.waits, &m.ticket, &m.under, &m.calls[0].number, &m.calls[1].number} {
		rename(t)
	}
	m.kept = [3]kept{{m.ticket, m.held}}
}

// plainOrder keeps the order of flights.
func (m *member) plainOrder() {
	s := &m.session
	var seqs [5]int64
	for i, f := range order {
		seqs[i+1] = *f.word(s)
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(seqs[:])))
	for _, f := range order {
		*f.word(s) = int64(slices.Index(sorted, *f.word(s)))
	}
	*lastSeq.word(s) = 0
}

// plainHost blanks what the host does not use in this state.
func (m *member) plainHost(p *Plan, now int64) {
	m.owner, m.expiry = 0, 0 // the one is the place, which symmetry takes away; the other one is the set's
	if m.flight == 0 {
		m.landing, m.fetched = 0, 0
	} else if m.landing < now {
		m.landing = 0
	}
	m.wake, m.nextAsk = min(m.wake, p.Horizon+1), min(m.nextAsk, p.Horizon+1)
	forgetPast(&m.wake, now)
	forgetPast(&m.nextAsk, now)
	forgetPast(&m.leave, now)
	if m.waits == 0 || p.Exclusive {
		m.since = 0 // bounds of waits, which are none of an exclusive session's
	}
	if m.waits != 0 {
		m.nextAsk = 0 // it is set when the caller has its answer
	}
	if m.under == 0 {
		m.began, m.turn, m.undone = 0, 0, false
	}
	if p.Exclusive {
		m.began = 0 // asked where patience ends
	}
	if m.calls == [2]call{} && m.flightless() {
		m.clock, m.heard = 0, -1
	}
	if m.calls[0].share != core.ShareCampaign && *turn.word(&m.session) == 0 {
		m.saw = record{} // another look comes before the next campaign
	}
	if m.heard < 0 {
		m.clock = 0
	} else {
		m.clock, m.heard = m.clock-m.heard, 0 // together they tell the store's clock
	}
	if !p.healthy() {
		m.asks, m.asked = 0, 0
	}
	m.saw = m.saw.seen()
	for i := range m.calls {
		c := &m.calls[i]
		forgetPast(&c.readyAt, now)
		c.answer.owner, c.answer.end = 0, 0
	}
}

// flightless tells that no call of the store is to come that goes on from an answer.
func (m *member) flightless() bool {
	return *parting.word(&m.session) == 0 && m.session.Status(core.StatusFlight, core.Now{}) == 0
}

// seen is what a campaign looks at of a record.
func (r record) seen() record { return record{number: r.number, entry: entry{set: r.entry.set}} }
