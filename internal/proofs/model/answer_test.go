package model_test

import "github.com/evercreds/evercreds/core"

func (m *model) answer(ticket int64, now core.Now, n core.Need, forced bool, see *observed) core.Decision {
	if m.event(now, see); m.closed {
		return m.finish()
	}
	m.wakeUp()
	o, _ := m.outcomeOf(ticket)
	alone := m.held != nil && !m.held.rejected && m.left() > 0 && m.left() >= n.MinTTL && !m.refusedTo(n) // good by itself
	switch {
	case m.flight != nil && m.flight.ticket == ticket && m.flight.answered && !forced && alone:
		m.serve(core.Serve, 0)
	case m.flight != nil && m.flight.ticket == ticket:
		m.d.Kind, m.d.Ticket, m.d.Deadline = core.Wait, ticket, m.flight.deadline
	case o.code != core.CodeNone:
		m.answerFailure(o, n, forced, alone)
	case alone:
		m.serve(core.Serve, 0)
	default:
		m.answerShort(n)
	}
	if !forced {
		m.waits(n)
	}
	return m.finish()
}

// leave is for a waiter that goes: the held set if it is good by itself and no attempt
// is required first, and nothing else.
func (m *model) leave(now core.Now, n core.Need, see *observed) core.Decision {
	if m.event(now, see); m.closed {
		return m.finish()
	}
	m.wakeUp()
	alone := m.held != nil && !m.held.rejected && m.left() > 0 && m.left() >= n.MinTTL && !m.refusedTo(n)
	shown := m.showsPermanent() && m.now.Elapsed < m.requiredUntil
	if alone && (m.phase() <= core.PhaseAdvisory && !shown || m.goesOn(n)) {
		m.serve(core.Serve, 0)
	}
	return m.finish()
}

// answerFailure is the one outcome of a failed flight for one of its waiters.
func (m *model) answerFailure(o outcome, n core.Need, forced, alone bool) {
	shown := m.policy == core.AWS2026 && o.class == core.Permanent
	calm := alone && !shown && (o.serves || m.phase() <= core.PhaseAdvisory)
	if !forced && (calm || o.serves && m.servableAfter(o, n)) {
		m.serve(core.Serve, core.FlightFailed)
		return
	}
	m.refuse(o.code, o.class, m.now.Elapsed, o.ticket)
	m.d.RetryAt = o.retryAt
}

// answerShort is for a waiter whose flight did not fail, or is forgotten, and
// for whom what is held is not enough.
func (m *model) answerShort(n core.Need) {
	e := m.requiredError
	if e.code == core.CodeNone {
		e = outcome{code: core.CodeExpiredReply, class: core.Recoverable}
	}
	switch h := m.held; {
	case m.servableAfter(e, n):
		m.serve(core.Serve, 0)
	case m.refusedTo(n):
		m.refuse(core.CodeRejected, core.Recoverable, max(h.noneBefore, m.noProgressUntil), 0)
	case h != nil && h.rejected:
		m.refuse(core.CodeRejected, core.Recoverable, m.spacedUntil, 0)
	case h != nil && m.left() > 0 && m.left() < n.MinTTL:
		m.refuse(core.CodeMinTTL, core.Recoverable, m.now.Elapsed, 0)
	default:
		m.refuse(e.code, e.class, m.requiredUntil, e.ticket)
	}
}
