package model_test

import "github.com/evercreds/evercreds/core"

func (m *model) ask(now core.Now, n core.Need, see *observed) core.Decision {
	m.need = n
	if m.event(now, see); !m.closed {
		m.hears(n)
		m.wakeUp()
		m.askAwake(n)
		m.waits(n)
	}
	return m.finish()
}

func (m *model) askAwake(n core.Need) {
	switch phase := m.phase(); {
	case m.refusedTo(n) && !m.held.rejected:
		m.askOther(n)
	case phase == core.PhaseFresh && !m.held.rejected && m.held.lifetime < n.MinTTL && m.left() < n.MinTTL:
		m.refuse(core.CodeMinTTL, core.Recoverable, m.now.Elapsed, 0)
	case !m.mustWait(n) && phase == core.PhaseFresh:
		m.serve(core.Serve, 0)
	case !m.mustWait(n):
		m.askQuiet(core.CauseAdvisory, 0)
	case m.goesOn(n) && (m.flight != nil || m.requiredUntil <= m.now.Elapsed && m.noProgressUntil <= m.now.Elapsed && len(m.lost) < 2):
		m.askQuiet(core.CauseDegraded, core.Degraded)
	case m.flight != nil && m.flight.cause == core.CauseReported && m.servedBeside(n):
	case m.flight != nil:
		m.join()
	default:
		m.askRequired(n)
	}
}

// askQuiet serves a caller who need not wait, and may start an attempt.
func (m *model) askQuiet(cause core.Cause, flags core.Flag) {
	until, prompts := m.quietUntil(), m.attended && m.sharing != core.Exclusive
	if cause == core.CauseDegraded { // callers would have to wait: no other holds them off
		until = m.quietAlone(0)
		prompts = m.attended && m.now.Elapsed >= until
	}
	switch {
	case m.flight != nil:
		m.serve(core.Serve, flags)
	case m.showsPermanent() && m.now.Elapsed < m.requiredUntil:
		m.refuseCached()
	case prompts:
		m.serve(core.Serve, flags)
	case m.now.Elapsed < until:
		m.serve(core.Serve, flags|core.HeldOff)
	default:
		m.start(cause)
		kind := core.ServeAndRefresh
		switch {
		case m.inline:
			kind, m.d.Ticket, m.d.Deadline = core.RefreshInline, m.flight.ticket, m.flight.deadline
		case m.flight.grounded: // nothing is to be run yet
			kind = core.Serve
		default:
			m.d.Ticket = m.flight.ticket
		}
		m.serve(kind, flags)
	}
}

// showsPermanent is the rule of aws2026 that nobody is spared a permanent error.
func (m *model) showsPermanent() bool {
	return m.policy == core.AWS2026 && m.requiredError.class == core.Permanent
}

// askRequired is for a caller who must wait, with no flight under way.
func (m *model) askRequired(n core.Need) {
	h := m.held
	rejected := h != nil && h.rejected
	if m.heldOff(n) {
		return
	}
	switch {
	case h == nil:
		m.startRequired(core.CauseFirst)
	case rejected:
		m.startRequired(core.CauseRejected)
	case m.phase() >= core.PhaseMandatory:
		m.startRequired(core.CauseMandatory)
	default:
		m.startRequired(core.CauseMinTTL)
	}
	if rejected {
		h.passed = true
	}
}

// heldOff answers a caller who must wait where no attempt may start.
func (m *model) heldOff(n core.Need) bool {
	until, e := m.bound(n)
	if until <= m.now.Elapsed {
		return false
	}
	switch {
	case e.confirmed && m.left() >= n.MinTTL, !e.confirmed && m.servableAfter(e, n):
		m.serve(core.Serve, core.HeldOff)
	default:
		m.refuse(e.code, e.class, until, e.ticket)
	}
	return true
}

// servedBeside serves whom a hold-off would have served if nothing had begun for a
// reporter meanwhile.
func (m *model) servedBeside(n core.Need) bool {
	before := m.d
	if m.heldOff(n) && m.d.Kind == core.Serve {
		return true
	}
	m.d = before
	return false
}

// bound is until when even callers who must wait get no attempt, and what they
// are told, if they cannot be served.
func (m *model) bound(n core.Need) (until int64, e outcome) {
	now, h := m.now.Elapsed, m.held
	rejected := h != nil && h.rejected
	short := outcome{code: core.CodeMinTTL, class: core.Recoverable}
	if m.refusedTo(n) {
		short.code = core.CodeRejected
	}
	switch {
	case rejected && now < m.spacedUntil:
		return m.spacedUntil, outcome{code: core.CodeRejected, class: core.Recoverable}
	case len(m.lost) > 1: // no place for another
		return m.roomAt(), m.lostError()
	case rejected && !h.passed && m.policy != core.AWS2026:
		return 0, outcome{}
	case now < m.staticUntil && m.servable(core.Need{}):
		return m.staticUntil, short
	case now < m.noProgressUntil && h != nil && !rejected && m.left() > 0:
		short.confirmed = true
		return m.noProgressUntil, short
	}
	return m.requiredUntil, m.requiredError
}

// servableAfter tells whether the held set is handed out in spite of a failure.
func (m *model) servableAfter(e outcome, n core.Need) bool {
	return m.servable(n) && (m.stability == core.UntilExpiry ||
		m.stability == core.Static && e.class != core.Permanent)
}

// lostError is what keeps others from starting: the latest of the lost attempts
// that anybody waited for.
func (m *model) lostError() outcome {
	e := outcome{code: core.CodeTimedOut, class: core.Recoverable}
	for _, l := range m.lost {
		if l.required {
			e.ticket = l.ticket
		}
	}
	return e
}

// roomAt is when one of two lost attempts is given up.
func (m *model) roomAt() int64 {
	if len(m.lost) < 2 {
		return 0
	}
	return min(m.lost[0].givenUp, m.lost[1].givenUp)
}

// quietRoomAt is when an attempt that nobody waits for may start beside lost
// ones: beside none, but for one that hangs when the set is served on.
func (m *model) quietRoomAt() int64 {
	at := m.roomAt()
	for _, l := range m.lost {
		if !l.required || !(m.degraded && m.stability == core.UntilExpiry) {
			at = max(at, l.givenUp)
		}
	}
	return at
}

func (m *model) join() {
	m.require()
	m.d.Kind, m.d.Ticket, m.d.Deadline = core.Wait, m.flight.ticket, m.flight.deadline
}

func (m *model) startRequired(cause core.Cause) {
	m.start(cause)
	m.require()
	m.d.Kind, m.d.Ticket, m.d.Deadline = core.Refresh, m.flight.ticket, m.flight.deadline
	if m.flight.grounded {
		m.d.Kind = core.Wait
	}
}

func (m *model) refuse(code core.Code, class core.Class, retryAt, ticket int64) {
	m.d.Kind, m.d.Code, m.d.Class, m.d.ErrorTicket = core.Error, code, class, ticket
	m.d.RetryAt = max(retryAt, m.now.Elapsed)
}

func (m *model) refuseCached() {
	e := m.requiredError
	m.refuse(e.code, e.class, m.requiredUntil, e.ticket)
}

// serve hands out the held set, and a lease until anything else could be due.
func (m *model) serve(kind core.Kind, flags core.Flag) {
	h := m.held
	m.d.Kind, m.d.Set, m.d.Expiry = kind, h.ticket, h.wall
	if h.expiry == core.Never {
		flags |= core.Endless
	}
	unwell := m.phase() >= core.PhaseMandatory || h.rejected
	if m.degraded && unwell || unwell && m.lastError.code != core.CodeNone {
		flags |= core.Degraded
	}
	if m.phase() == core.PhaseExpired {
		flags |= core.Expired
	}
	m.d.Flags = flags
	span := m.leaseSpan()
	m.d.LeaseElapsed, m.d.LeaseWall = core.Never, core.Never
	if span < core.Never {
		m.d.LeaseElapsed, m.d.LeaseWall = m.now.Elapsed+span, m.now.Wall+span
	}
}

func (m *model) leaseSpan() int64 {
	span, now := m.untilNextPhase(), m.now.Elapsed
	switch {
	case m.mustWait(core.Need{}) && !m.goesOn(core.Need{}):
		until, e := m.bound(core.Need{})
		if m.flight != nil || !e.confirmed && !m.servableAfter(e, core.Need{}) {
			until = now // the next one waits, or is told an error
		}
		return min(span, max(0, until-now))
	case m.showsPermanent() && now < m.requiredUntil:
		return 0
	case m.flight.aloft():
		return min(span, m.flight.deadline-now)
	case m.flight != nil: // until something is due at the store
		return min(span, m.meetingWake()-now)
	case m.phase() == core.PhaseFresh || m.attended && m.sharing != core.Exclusive:
		return span // nothing will start
	}
	return min(span, max(0, m.quietUntil()-now))
}

func (m *model) untilNextPhase() int64 {
	if m.held.expiry == core.Never {
		return core.Never
	}
	switch left := m.left(); m.phase() {
	case core.PhaseFresh:
		return left - m.held.advisory
	case core.PhaseAdvisory:
		return left - m.held.mandatory
	case core.PhaseMandatory:
		return left
	default:
		if m.maxStale == core.Never {
			return core.Never
		}
		return left + m.maxStale
	}
}
