package sim

import (
	"slices"

	"github.com/evercreds/evercreds/core"
)

// fetch is one attempt of a session: an SDK's call with its retries where somebody
// waits, else one call, which the machine makes again at its own pace.
func (m *member) fetch(a *attempt, try int) {
	f := m.fleet
	most := 3
	if a.cause == core.CauseAdvisory || a.cause == core.CauseIdle || a.cause == core.CauseDegraded {
		most = 1
	}
	out := f.source.call(m)
	if !out.ok && out.class != core.Permanent && try < most {
		f.After(out.after+int64(try)*second/2, func() { m.fetch(a, try+1) })
		return
	}
	if m.faulty() && f.rng.IntN(500) == 0 {
		return // nothing is ever heard of it
	}
	f.After(out.after, func() { m.happens(func() { m.ends(a, out) }) })
}

// ends reports to the room how an attempt ended, unless its process did before.
func (m *member) ends(a *attempt, out outcome) {
	i := slices.Index(m.running, a)
	if i < 0 {
		return
	}
	m.running = slices.Delete(m.running, i, i+1)
	if a.foreign && m.fleet.rng.IntN(10) > 0 {
		return
	}
	if !out.ok {
		m.failed(a.ticket, out.class, core.CodeSource, 0)
		m.reportFailure(a, "fail", floorOf(out.class, 0), func(s *core.Session) core.Decision {
			return s.Fail(a.ticket, m.now(), out.class, core.CodeSource, 0)
		})
		return
	}
	facts, useless := core.Facts{
		Expiry: a.truth + m.life, Fingerprint: m.fingerprint(), ServerTime: m.serverTime(a.truth),
	}, false
	if m.faulty() && m.fleet.rng.IntN(200) == 0 {
		facts, useless = m.odd(a)
	}
	m.complete(a, facts, useless)
	if m.faulty() && m.fleet.rng.IntN(100) == 0 {
		m.hostFault()
	}
}

// hostFault is what befalls a machine now and then.
func (m *member) hostFault() {
	switch m.fleet.rng.IntN(3) {
	case 0:
		span := m.fleet.rng.Int64N(10 * minute)
		m.catchUp()
		if m.Room.sleep(span); !m.countsSleep {
			m.endHoldOff()
		}
		m.seen, m.wakes = m.seen+span, m.seen+span
	case 1:
		m.stepWall()
	case 2:
		m.takeSnapshot()
	}
}

// restarts has another process go on from a snapshot of this one, mostly the last.
func (m *member) restarts() {
	m.takeSnapshot()
	m.restore()
	m.timer, m.waiting = 0, 0 // were the old process's
}
