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
}

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
	if d.Started != 0 {
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
		m.waits, m.settled = 0, false
		m.nextAsk = max(r.now+50, d.LeaseElapsed)
		r.served(m, d)
	case core.Wait, core.Refresh, core.RefreshInline:
		if m.waits == 0 {
			m.since = r.now
		}
		m.waits, m.settled = d.Ticket, false
	case core.Error:
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

// ask keeps a call of the store that the session asks for. One that it has given up
// meanwhile is done by nobody: that a store does it late is a fault of its own.
func (r *Room) ask(m *member, d core.Decision) {
	c := call{share: d.Share, number: d.ShareCall, seen: d.ShareNumber, notice: d.ShareNotice, span: d.ShareSpan, readyAt: r.now + r.latency()}
	if d.Share != core.SharePublish { // that is for the refresh which is over
		m.asks++
	}
	switch d.Share {
	case core.SharePublish:
		e := entry{set: m.setOf(d.ShareSet), generation: d.ShareNumber, replaces: uint64(d.ReplacesHigh)<<32 | uint64(d.ReplacesLow)}
		if m.heard >= 0 {
			e.ends = m.clock + r.now - m.heard + d.ShareSpan
		}
		c.entry = e
		m.calls[1] = c
		r.publishes(m, e)
	case core.ShareResign:
		m.calls[1] = c
	case core.ShareLook:
		m.heard = -1 // the store may be another by now
		m.calls[0] = c
	default:
		m.calls[0] = c
	}
}
