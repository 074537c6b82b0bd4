package model_test

import "github.com/evercreds/evercreds/core"

// settle ends a flight for those who wait.
func (m *model) settle(o outcome) {
	m.d.Settled = o.ticket
	m.outcomes = append(m.outcomes, o)
	m.outcomes = m.outcomes[max(0, len(m.outcomes)-8):]
}

func (m *model) outcomeOf(ticket int64) (outcome, bool) {
	for i := len(m.outcomes) - 1; i >= 0; i-- {
		if m.outcomes[i].ticket == ticket {
			return m.outcomes[i], true
		}
	}
	return outcome{}, false
}

// fails ends a flight that brought nothing.
func (m *model) fails(f *attempt, code core.Code, class core.Class, pause int64) {
	floor := min(pause, minute)
	if class == core.Throttled {
		class, floor = core.Recoverable, max(floor, second)
	}
	o := outcome{ticket: f.ticket, code: code, class: class, required: f.required}
	m.counts[core.StatusFailures]++
	if f.required {
		m.d.Notes |= core.NoteFailed
	} else {
		m.d.Notes |= core.NoteFailedQuietly
	}
	m.holdOff(f, o, floor)
	if o.serves = m.servableAfter(o, core.Need{}); !f.required {
		o.serves = m.policy != core.AWS2026 || class != core.Permanent
	}
	m.resignFailed(f, class, max(floor, 0))
	o.retryAt = max(m.now.Elapsed, m.requiredUntil)
	m.lastError = o
	m.settle(o)
	due := m.phase() >= core.PhaseMandatory || m.held != nil && m.held.rejected
	if f.required && due && !m.degraded && o.serves {
		m.degraded = true
		m.d.Notes |= core.NoteDegraded
	}
}

// holdOff says how long the source is left alone after a failure.
func (m *model) holdOff(f *attempt, o outcome, floor int64) {
	now := m.now.Elapsed
	required := f.required || f.cause == core.CauseDegraded
	switch {
	case o.class == core.Permanent && (required || m.policy == core.AWS2026):
		m.bind(f, o, now+max(second, floor), now+max(5*second, floor))
	case m.stability == core.Static && o.class != core.Permanent && m.servable(core.Need{}):
		end, last := now+300*second, now+600*second
		if m.maxStale < core.Never && m.left() < core.Never {
			stale := now + m.left() + m.maxStale
			end, last = min(end, stale), min(last, stale)
		}
		if f.reporter { // who cannot be served is not to try at will
			m.bindNext(f, o, floor)
		}
		if f.cause != core.CauseReported {
			m.staticUntil = 0
		}
		m.staticUntil = max(m.staticUntil, m.drawQuiet(end, last))
	case required && !f.required:
		step := ladder(200, 5*second, m.unseenFails+1)
		m.bind(f, o, now+max(step/2, floor), now+max(step, floor))
	case required:
		m.bindNext(f, o, floor)
	default:
		m.climbAdvisory(&m.advisoryUntil, floor)
		return
	}
	// What callers tried in vain is not tried at once with nobody asking.
	if f.cause != core.CauseDegraded || f.required || m.policy == core.AWS2026 && o.class == core.Permanent {
		if m.eager || f.required && m.phase() == core.PhaseAdvisory {
			m.climbAdvisory(&m.advisoryUntil, floor)
		}
	}
}

// bindNext takes the next step of the required ladder.
func (m *model) bindNext(f *attempt, o outcome, floor int64) {
	now, step := m.now.Elapsed, int64(0)
	if m.requiredFails > 0 {
		step = ladder(200, 5*second, m.requiredFails)
	}
	m.bind(f, o, now+max(step/2, floor), now+max(step, floor))
}

// bind keeps the error for those who ask before the hold-off ends; one after an
// attempt that nobody waited for binds only such attempts.
func (m *model) bind(f *attempt, o outcome, least, most int64) {
	if f.cause == core.CauseDegraded && !f.required && (m.policy != core.AWS2026 || o.class != core.Permanent) {
		m.unseenFails++
		m.degradedUntil = max(m.degradedUntil, m.drawQuiet(least, most))
		return
	}
	m.requiredFails++
	end := least
	if end = most; least < most && !m.see.over {
		end = m.see.required(o.ticket)
		if before := m.requiredUntil; end == before && before >= least {
			end = min(before, most) // hidden by a longer one
		}
		m.within(end, least, most)
	}
	m.requiredUntil, m.requiredError = max(m.requiredUntil, end), o
	if o.class == core.Permanent && f.cause != core.CauseReported {
		m.staticUntil = 0
	}
}

// drawQuiet takes over what the machine drew for a hold-off of attempts that
// nobody waits for.
func (m *model) drawQuiet(least, most int64) int64 {
	if least == most || m.see.over {
		return most
	}
	end := m.now.Elapsed + m.see.quiet()
	others := m.holdOffs()
	if m.held != nil && m.held.rejected {
		others = max(others, m.spacedUntil)
	}
	if end == others && others >= least {
		m.guessed = true
		return min(others, most) // hidden by a longer one
	}
	if m.guessed && end < m.advisoryUntil { // what was hidden has come to light
		m.guessed, m.advisoryUntil = false, end
	}
	m.within(end, least, most)
	return end
}

func (m *model) within(end, least, most int64) {
	if end < least || end > most {
		m.wrong("at %d a hold-off until %d, not from %d to %d", m.now.Elapsed, end, least, most)
	}
}

// climbAdvisory takes the next step of the advisory ladder.
func (m *model) climbAdvisory(until *int64, floor int64) {
	m.advisoryFails++
	now := m.now.Elapsed
	step := ladder(5*second, 5*minute, m.advisoryFails)
	least, most := step/2, step
	if m.held != nil && m.left() < core.Never {
		if toMandatory := m.left() - m.held.mandatory; toMandatory > 0 {
			least, most = min(least, toMandatory/2), min(most, toMandatory/2)
		}
	}
	*until = max(*until, m.drawQuiet(now+max(least, 2*second, floor), now+max(most, 2*second, floor)))
}
