package group

import (
	"slices"

	"github.com/evercreds/evercreds/core"
)

// member is one process: its session, and what its host keeps.
type member struct {
	session core.Session
	owner   int
	dead    bool
	paused  bool

	calls    [2]call // the flight's, and the one that nobody waits for
	flight   int64   // in the air; 0: none
	landing  int64
	fetched  int // the set that it will bring
	wake     int64
	waits    int64 // a caller waits for this flight; 0: none
	since    int64
	settled  bool
	forced   bool      // the caller who waits
	need     core.Need // of that caller
	nextAsk  int64
	saw      record
	clock    int64 // the store's, in the last answer
	heard    int64 // when that was; -1: not since the last look began
	kept     [3]kept
	ticket   int64 // of the set that the session holds
	held     int   // that set
	expiry   int64
	given    [8]int // the last sets that the user gave up
	givenAt  int
	rejected bool
	asks     int // looks and campaigns since the last install
	asked    int // before it

	seen   int64 // the highest number that it met
	undone bool  // the store has left a call of this flight undone for longer than it may take
	shuns  bool  // so it leaves the store alone for a while
	adrift bool  // it may have a turn that it does not know of: a call that ends one, or won one, was given up
	under  int64 // the flight under way, in the air or not
	began  int64 // when it began
	turn   int64 // the last one that was won
	again  bool  // it was this process's before
	failed int64 // looks and campaigns in a row that the store has failed
	leave  int64 // the store is left alone at least until here
}

// call is a call of the store under way.
type call struct {
	share   core.Share
	number  int64
	done    bool // the store has done it, and the answer is there
	answer  answer
	seen    int64
	entry   entry
	notice  int64
	span    int64
	readyAt int64
	sent    int64
	until   int64 // it counts as failed from here on
}

// late tells whether the store has not done a call within the time that it may take.
func (c *call) late(now int64) bool { return c.share != core.ShareNone && !c.done && now >= c.until }

// kept is a set by the ticket, or the number of the look, that brought it.
type kept struct {
	ticket int64
	set    int
}

// keep keeps a set, in the place of one that is neither held nor in the air.
func (m *member) keep(ticket int64, set int) {
	for i := range m.kept {
		if k := &m.kept[i]; k.ticket != m.ticket && k.ticket != m.flight || k.ticket == 0 {
			*k = kept{ticket, set}
			return
		}
	}
}

func (m *member) setOf(ticket int64) int {
	for _, k := range m.kept {
		if k.ticket == ticket && ticket != 0 {
			return k.set
		}
	}
	return 0
}

// gaveUp tells whether the user gave a set up.
func (m *member) gaveUp(set int) bool { return set != 0 && slices.Contains(m.given[:], set) }

func (m *member) giveUp(set int) {
	m.given[m.givenAt] = set
	m.givenAt = (m.givenAt + 1) % len(m.given)
}

func (m *member) runs() bool { return !m.dead && !m.paused }

// act does what a decision asks of the host.
func (r *Room) act(m *member, d core.Decision) {
	r.holds(m, d)
	if under := m.session.Status(core.StatusFlight, core.Now{}); under != m.under {
		m.under, m.began, m.turn, m.undone = under, r.now, 0, false
	}
	if d.Started != 0 {
		r.takesOff(m, d)
		r.call(m, d.Started)
	}
	if d.Cancelled != 0 && d.Cancelled == m.flight {
		m.flight = 0
	}
	if d.Share != core.ShareNone {
		r.ask(m, d)
	}
	if d.Settled != 0 && d.Settled == m.waits {
		m.settled = true
	}
	if d.Void != 0 && m.waits == 0 {
		m.nextAsk = r.now
	}
	m.wake = d.NextWake
	switch d.Kind {
	case core.Serve, core.ServeAndRefresh:
		r.waited(m)
		m.waits, m.settled = 0, false
		m.nextAsk = max(r.now+50, d.LeaseElapsed)
		r.served(m, d)
	case core.Wait, core.Refresh, core.RefreshInline:
		if m.waits == 0 {
			m.since = r.now
		}
		m.waits, m.settled = d.Ticket, false
	case core.Error:
		r.waited(m)
		m.waits, m.settled = 0, false
		m.nextAsk = max(r.now+200, d.RetryAt)
		r.failed(m, d)
	}
}

// call is the source's part: it makes a set as soon as it is asked.
func (r *Room) call(m *member, ticket int64) {
	r.sets = append(r.sets, minted{expiry: r.now + r.plan.lifeOf(len(r.sets)-1), called: r.now})
	m.flight, m.fetched, m.landing = ticket, len(r.sets)-1, r.now+r.plan.Flight
	m.keep(ticket, m.fetched)
	r.takeoff()
}

// zombie is a call that was given up before the store had done it.
type zombie struct {
	owner int
	saw   record
	call  call
}

// give keeps a call that is given up for another: that a store does it late is a fault of
// its own.
func (r *Room) give(m *member, old call) {
	if r.faults.Late > 0 && old.share != core.ShareNone && !old.done && len(r.givenUp) < 3 {
		r.givenUp = append(r.givenUp, zombie{m.owner, m.saw, old})
	}
}

// ask keeps a call of the store that the session asks for.
func (r *Room) ask(m *member, d core.Decision) {
	c := call{share: d.Share, number: d.ShareCall, seen: d.ShareNumber, notice: d.ShareNotice, span: d.ShareSpan, readyAt: r.now + r.latency(), sent: r.now, until: d.ShareUntil}
	if d.Share != core.SharePublish { // that is for the refresh which is over
		m.asks++
	}
	r.asksTheStore(m, d.Share)
	slot := 0
	if d.Share == core.SharePublish || d.Share == core.ShareResign {
		slot = 1
	}
	r.give(m, m.calls[slot])
	switch d.Share {
	case core.SharePublish:
		e := entry{set: m.setOf(d.ShareSet), generation: d.ShareNumber, replaces: uint64(d.ReplacesHigh)<<32 | uint64(d.ReplacesLow)}
		if m.heard >= 0 {
			e.ends = m.clock + r.now - m.heard + d.ShareSpan
		}
		c.entry = e
		r.publishes(m, e)
	case core.ShareLook:
		m.heard = -1 // the store may be another by now
	}
	m.calls[slot] = c
}
