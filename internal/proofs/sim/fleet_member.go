package sim

import (
	"fmt"

	"github.com/evercreds/evercreds/core"
)

// member is one session of a fleet, with the process and the machine around it.
type member struct {
	*Room
	fleet  *Fleet
	number int
	choose Chooser
	trace  *recorder

	pause   int64 // between two callers
	began   int64 // the server's clock when the fleet began
	seen    int64 // until when its clocks have gone
	wakes   int64 // its machine sleeps until then
	known   int   // attempts whose calls are under way
	timer   int64 // set for this instant of its elapsed clock
	waiting int64 // its next waiter's deadline, on the same clock
	keyFrom int64 // it has the new base key from then on
}

// drawMember is a setup as people have them, in a room with one clock that is right.
// Of those that start at once jitter is what keeps them from coming at once again.
func drawMember(c Chooser, p Plan, deployed bool) setup {
	s := setup{
		policy:   core.Policy(c.Choose(3)),
		method:   pick(c, core.MethodSTS, core.MethodSTS, core.MethodCustom, core.MethodIoT),
		life:     pick(c, 15*minute, hour, hour, hour, hour, hour, 12*hour),
		mode:     pick(c, serverTrue, wallTrue),
		maxStale: core.Never,
	}
	s.maxWait = presetWait[s.policy]
	s.give(core.OptPolicy, float64(s.policy))
	s.give(core.OptMethod, float64(s.method))
	s.drawStability(c)
	if s.eager = deployed || oneIn(c, 5); s.eager {
		s.give(core.OptDeferRefresh, 0)
	}
	if oneIn(c, 4) {
		s.give(core.OptAdvisoryAuto, 1)
	}
	if deployed {
		s.give(core.OptJitter, map[bool]float64{false: 1}[p.NoJitter])
	}
	return s
}

// begin has the session's process start, and its first caller come.
func (m *member) begin() {
	s := drawMember(m.choose, m.fleet.plan, m.deployed())
	s.seed = uint64(m.number) << 10
	m.Room = furnish(m.choose, s, m.trace, 8)
	m.told = m.hears
	m.seen = m.fleet.Now
	m.began = m.truth - m.fleet.Now
	m.pause = pick(m.choose, minute, 2*minute, 5*minute)
	m.keyFrom = rotated*chapter + upTo(m.choose, 5*minute)
	m.call()
}

// deployed tells that the session is one of a fifth that start at once, and eagerly.
func (m *member) deployed() bool { return m.number%5 == 0 }

// call is one of the callers who come again and again.
func (m *member) call() {
	m.happens(func() {
		m.fleet.tally().Asked++
		m.asks(core.Need{Until: core.Never}, m.elapsed)
	})
	m.fleet.After(m.pause*3/4+m.fleet.rng.Int64N(m.pause/2), m.call)
}

// happens lets something happen in the room, once its machine is awake, and does what
// the machine's answer asks of a host.
func (m *member) happens(what func()) {
	f := m.fleet
	if f.err != nil {
		return
	}
	if f.Now < m.wakes {
		f.At(m.wakes, func() { m.happens(what) })
		return
	}
	m.catchUp()
	m.attentive = !m.faulty()
	what()
	m.serveWaiters()
	m.host()
	if m.err != nil {
		f.failed, f.err = m, fmt.Errorf("session %d: %w", m.number, m.err)
	}
}

// catchUp lets the room's clocks go to the present.
func (m *member) catchUp() {
	apart := m.apart()
	if m.pass(m.fleet.Now - m.seen); m.apart() != apart {
		m.endHoldOff()
	}
	m.seen = m.fleet.Now
}

// host starts calls and sets timers.
func (m *member) host() {
	for _, a := range m.running {
		if a.number >= m.known {
			m.known = a.number + 1
			m.fetch(a, 1)
		}
	}
	if next := m.last.NextWake; next < core.Never && next != m.timer {
		m.timer = next
		m.setTimer(next)
	}
	next := core.Never
	for _, w := range m.waiters {
		next = min(next, w.deadline)
	}
	if next < core.Never && next != m.waiting {
		m.waiting = next
		m.fleet.After(max(1, next-m.elapsed), func() { m.waiting = 0; m.happens(func() {}) })
	}
}

// setTimer wakes the machine at an instant. Some timers get lost, some come twice.
func (m *member) setTimer(next int64) {
	times := 1
	if n := m.fleet.rng.IntN(50); m.faulty() && n < 2 {
		times = 2 * n
	}
	for range times {
		m.fleet.After(max(1, next-m.elapsed), func() {
			m.happens(func() {
				m.timer = 0
				m.spareWake()
			})
		})
	}
}

func (m *member) faulty() bool { return m.fleet.chapter() < healed }

// hears is what a caller of the session got.
func (m *member) hears(n core.Need, d core.Decision) {
	t, set := m.fleet.tally(), m.sets[d.Set]
	switch {
	case d.Kind == core.Error:
		t.Failed++
		m.well(d)
	case d.Flags&core.Expired != 0:
		t.Stale++
		m.well(d)
	case m.fleet.source.rejects(m.issued(set)):
		t.Rejected++
		m.well(d)
		if n.Evidence == core.EvidenceNone { // a call reports once
			m.fleet.After(50, func() { m.happens(func() { m.reports(set.fingerprint) }) })
		}
	default:
		t.Served++
	}
}

// reports has a caller ask for another set, to which a service refused this one.
func (m *member) reports(fingerprint uint64) {
	need := core.Need{Other: fingerprint, Evidence: core.EvidenceStrong, Until: core.Never}
	m.asks(need, m.elapsed)
}

// well: once the source has been well for twenty minutes, which is longer than any
// hold-off, no caller gets an error, an expired set or a rejected one.
func (m *member) well(d core.Decision) {
	if m.fleet.chapter() == quiet {
		m.fail(0, "in the quiet at the end a caller got%s", show(d))
	}
}

// issued is when a set was asked for.
func (m *member) issued(s *set) int64 { return m.attempts[s.ticket].truth - m.began }
