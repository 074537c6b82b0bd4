package model_test

import (
	"slices"

	"github.com/evercreds/evercreds/core"
)

func (m *model) fail(ticket int64, now core.Now, class core.Class, code core.Code, pause int64, see *observed) core.Decision {
	if m.event(now, see); m.closed {
		return m.finish()
	}
	m.wakeUp()
	if f := m.flight; f.aloft() && f.ticket == ticket {
		m.flight = nil
		m.fails(f, code, class, pause)
	} else if m.takeLost(ticket) != nil {
		m.d.Notes |= core.NoteLateIgnored
	} else {
		m.unknown()
	}
	return m.finish()
}

func (m *model) unknown() {
	m.d.Notes |= core.NoteUnknownTicket
	m.counts[core.StatusUnknownTickets]++
}

// takeLost ends a lost attempt that has reported.
func (m *model) takeLost(ticket int64) *attempt {
	for i, l := range m.lost {
		if l.ticket == ticket {
			// Leases ran on because nothing could start: they end.
			due := m.phase() >= core.PhaseAdvisory || m.held != nil && m.held.rejected
			before := m.quietRoomAt()
			m.lost = slices.Delete(slices.Clone(m.lost), i, i+1)
			if due && before > m.now.Elapsed && m.quietRoomAt() <= m.now.Elapsed {
				m.epoch++
			}
			m.counts[core.StatusLateAnswers]++
			return l
		}
	}
	return nil
}

func (m *model) complete(ticket int64, now core.Now, facts core.Facts, see *observed) core.Decision {
	if m.event(now, see); m.closed {
		return m.finish()
	}
	m.wakeUp()
	if f := m.flight; f.aloft() && f.ticket == ticket {
		m.flight = nil
		m.completeInTime(f, facts)
	} else if l := m.takeLost(ticket); l != nil {
		m.completeLate(l, facts)
	} else {
		m.unknown()
	}
	return m.finish()
}

func (m *model) completeInTime(f *attempt, facts core.Facts) {
	fresh, code := m.read(f, facts)
	switch {
	case code != core.CodeNone:
		m.fails(f, code, core.Recoverable, 0)
	case !m.progress(f, fresh):
		m.noProgress(f, fresh, trusted(facts))
	default:
		replaces := m.replacedBy(f, f.replaces)
		m.install(fresh)
		m.learnTime(f, facts)
		m.publish(f, replaces)
		m.settle(outcome{ticket: f.ticket})
	}
}

// completeLate takes a late answer if it is good and nothing newer is there.
func (m *model) completeLate(l *attempt, facts core.Facts) {
	fresh, code := m.read(l, facts)
	if code != core.CodeNone || !m.progress(l, fresh) || m.held != nil && m.held.fetched > l.start.Elapsed {
		m.d.Notes |= core.NoteLateIgnored
		return
	}
	replaces := m.replacedBy(l, 0)
	m.install(fresh)
	m.d.Notes |= core.NoteLateInstalled
	m.learnTime(l, facts)
	m.publish(m.flight, replaces)
	if f := m.flight; f != nil && f.grounded && m.contents(f) {
		m.flight = nil
		m.settle(outcome{ticket: f.ticket})
	} else if f != nil {
		if m.d.Settled == 0 {
			m.d.Settled = f.ticket
		}
		f.answered, f.required = true, f.forced // who forced it waits for its own answer
	}
}

// read turns a reply into a set, or says what is wrong with it.
func (m *model) read(f *attempt, facts core.Facts) (*set, core.Code) {
	fresh := &set{
		ticket: f.ticket, fingerprint: facts.Fingerprint, expiry: facts.Expiry,
		fetched: f.start.Elapsed, installed: m.now.Elapsed,
		checked: f.need.Evidence == core.EvidenceWeak,
	}
	switch {
	case slices.Contains(m.rejected, facts.Fingerprint):
		return nil, core.CodeStillRejected
	case facts.Expiry == core.Never && m.method != core.MethodCustom:
		return nil, core.CodeMalformed
	case facts.Expiry == core.Never:
		fresh.wall, fresh.elapsed, fresh.lifetime = core.Never, core.Never, core.Never
	case facts.Expiry <= 0 || facts.Expiry > 253402300800000:
		return nil, core.CodeMalformed
	default:
		m.anchor(fresh, f, facts)
		if min(fresh.wall-m.now.Wall, fresh.elapsed-m.now.Elapsed) <= 0 {
			return nil, core.CodeExpiredReply
		}
	}
	return fresh, core.CodeNone
}

// anchor fixes both deadlines at the start of the flight.
func (m *model) anchor(fresh *set, f *attempt, facts core.Facts) {
	// What the wall clock would have shown at the start, had it been set by then.
	began := m.now.Wall - (m.now.Elapsed - f.start.Elapsed)
	life := facts.Expiry - max(began, f.start.Wall)
	if trusted(facts) {
		life = facts.Expiry - facts.ServerTime
	}
	if m.method != core.MethodCustom || facts.ServerTime > 0 {
		life = min(life, 12*60*minute)
	}
	if facts.Duration > 0 {
		life = min(life, facts.Duration)
	}
	fresh.lifetime = life
	fresh.wall, fresh.elapsed = began+life, f.start.Elapsed+life
	if began > f.start.Wall { // set forward, or a sleep that only this clock saw
		fresh.wall = min(fresh.wall, max(f.start.Wall+life, facts.Expiry))
	}
}

// trusted tells whether a reply has a date that gives neither more than was asked
// for nor more than the 12 hours that AWS gives at most.
func trusted(facts core.Facts) bool {
	left := facts.Expiry - facts.ServerTime
	return facts.ServerTime > 0 && left <= 12*60*minute && (facts.Duration == 0 || left <= facts.Duration)
}

// progress tells whether a good reply brings more than what is held.
func (m *model) progress(f *attempt, fresh *set) bool {
	h := m.held
	if h == nil || h.rejected || f.forced || m.policy == core.AWS2026 || fresh.expiry > h.expiry {
		return true
	}
	// Any other set will do in place of one that was reported.
	reported := h.suspect || f.need.Evidence != core.EvidenceNone && f.need.Other == h.fingerprint
	return reported && fresh.fingerprint != h.fingerprint
}

func (m *model) noProgress(f *attempt, fresh *set, byServer bool) {
	m.counts[core.StatusNoProgress]++
	m.d.Notes |= core.NoteNoProgress
	h := m.held
	more := byServer && min(fresh.wall-m.now.Wall, fresh.elapsed-m.now.Elapsed) > m.left()
	if h.expiry < core.Never && fresh.expiry == h.expiry && more {
		h.wall, h.elapsed = fresh.wall, fresh.elapsed
		m.d.Notes |= core.NoteReanchored
	}
	if m.left() <= 0 {
		m.fails(f, core.CodeNoProgress, core.Recoverable, 0)
		return
	}
	// The source is well: what was held against it is over.
	m.requiredError, m.lastError, m.requiredFails, m.unseenFails, m.degraded = outcome{}, outcome{}, 0, 0, false
	m.advisoryUntil, m.requiredUntil, m.degradedUntil, m.staticUntil, m.noProgressUntil = 0, 0, 0, 0, 0
	m.settle(outcome{ticket: f.ticket})
	m.climbAdvisory(&m.noProgressUntil, 0)
	m.resign(f, notice(core.Recoverable, max(f.failures, 1)), min(m.noProgressUntil-m.now.Elapsed, minute))
}

func (m *model) install(fresh *set) {
	if fresh.lifetime < core.Never {
		var shrunk bool
		if fresh.advisory, fresh.mandatory, shrunk = m.windows(fresh.lifetime); shrunk && !m.warned {
			m.warned = true
			m.d.Notes |= core.NoteWindowsShrunk
		}
		if m.jitter || m.shared() {
			m.drawPoint(fresh)
		}
	}
	if h := m.held; h != nil && !h.rejected && m.now.Elapsed-h.installed >= minute {
		m.streak = 0
	}
	if h := m.held; h != nil && h.fingerprint == fresh.fingerprint { // it was only prolonged
		fresh.suspect, fresh.checked, fresh.noneBefore = h.suspect, h.checked, h.noneBefore
		fresh.passed = h.suspect || h.checked
	}
	m.held = fresh
	m.epoch++
	m.idleFrom = m.now.Elapsed + max(second, min(fresh.lifetime/10, 60*minute))
	m.d.Notes |= core.NoteInstalled
	m.see.over = false // what fails after this is not over
	m.counts[core.StatusInstalls]++
	m.advisoryUntil, m.requiredUntil, m.degradedUntil, m.staticUntil, m.noProgressUntil = 0, 0, 0, 0, 0
	m.advisoryFails, m.requiredFails, m.unseenFails, m.spacedUntil = 0, 0, 0, 0
	m.requiredError, m.lastError, m.outcomes = outcome{}, outcome{}, nil
	m.degraded = false
}

// drawPoint takes over the refresh point, which lies in the first half of the
// way from A to M.
func (m *model) drawPoint(fresh *set) {
	point, span := m.see.advisory, fresh.advisory-fresh.mandatory
	least, most := fresh.advisory-span/2, fresh.advisory
	if m.shared() { // three quarters of the draw are the set's own
		h := float64(fresh.fingerprint>>32) / (1 << 32)
		most -= int64(float64(span) * 3 * h / 8)
		least, most = most-span/8-1, most+1
	}
	if point < least || point > most {
		m.wrong("the refresh point is %d before the expiry, not from %d to %d", point, least, most)
	}
	fresh.advisory = point
}
