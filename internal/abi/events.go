package abi

import "github.com/evercreds/evercreds/core"

// event runs one event of an open session and then, with the lock released,
// calls the host functions for its effects. valid is what the caller found of
// its own arguments.
func (l *Library) event(session int32, wall, elapsed int64, valid bool, out *core.Decision,
	run func(s *core.Session, now core.Now) core.Decision) int32 {
	now, ok := instants(wall, elapsed)
	var method core.Method
	result := l.handles.withSession(session, func(e *entry) int32 {
		switch {
		case !e.opened:
			return ErrState
		case !ok || !valid:
			return ErrArgument
		}
		*out, method = run(e.session, now), e.session.Method()
		return 0
	})
	if result == 0 {
		l.tell(session, method, out)
	}
	return result
}

// Ask is the export ask.
func (l *Library) Ask(session int32, wall, elapsed, minTTL int64, other uint64, evidence int32, until int64,
	out *core.Decision) int32 {
	need, valid := needOf(minTTL, other, evidence, until)
	return l.event(session, wall, elapsed, valid, out, func(s *core.Session, now core.Now) core.Decision {
		return s.Ask(now, need)
	})
}

// needOf makes a caller's need, and tells whether it is valid.
func needOf(minTTL int64, other uint64, evidence int32, until int64) (core.Need, bool) {
	e := core.Evidence(evidence)
	need := core.Need{MinTTL: minTTL, Other: other, Evidence: e, Until: until}
	return need, span(minTTL, until) && minTTL <= core.MaxMinTTL && e >= core.EvidenceNone && e <= core.EvidenceWeak
}

// Answer is the export answer.
func (l *Library) Answer(session int32, ticket, wall, elapsed, minTTL int64, other uint64, evidence int32, until int64,
	forced int32, out *core.Decision) int32 {
	need, valid := needOf(minTTL, other, evidence, until)
	valid = valid && span(ticket) && truth(forced)
	return l.event(session, wall, elapsed, valid, out, func(s *core.Session, now core.Now) core.Decision {
		return s.Answer(ticket, now, need, forced == 1)
	})
}

// Leave is the export leave.
func (l *Library) Leave(session int32, wall, elapsed, minTTL int64, other uint64, evidence int32, out *core.Decision) int32 {
	need, valid := needOf(minTTL, other, evidence, 0)
	return l.event(session, wall, elapsed, valid, out, func(s *core.Session, now core.Now) core.Decision {
		return s.Leave(now, need)
	})
}

// Complete is the export complete. An expiry that no set can have is not a
// wrong argument but a malformed reply, which the core judges. A date before 1970
// comes from a wrong clock.
func (l *Library) Complete(session int32, ticket, wall, elapsed, expiry int64, fingerprint uint64,
	duration, serverTime int64, out *core.Decision) int32 {
	valid := span(ticket, duration) && source(expiry, serverTime)
	facts := core.Facts{Expiry: expiry, Fingerprint: fingerprint, Duration: duration, ServerTime: serverTime}
	return l.event(session, wall, elapsed, valid, out, func(s *core.Session, now core.Now) core.Decision {
		return s.Complete(ticket, now, facts)
	})
}

// Fail is the export fail.
func (l *Library) Fail(session int32, ticket, wall, elapsed int64, class, reason int32, retryAfter int64, out *core.Decision) int32 {
	c, r := core.Class(class), core.Code(reason)
	valid := span(ticket, retryAfter) && c >= core.Recoverable && c <= core.Throttled &&
		(r == core.CodeSource || r == core.CodeMalformed)
	return l.event(session, wall, elapsed, valid, out, func(s *core.Session, now core.Now) core.Decision {
		return s.Fail(ticket, now, c, r, retryAfter)
	})
}

// Abandon is the export abandon.
func (l *Library) Abandon(session int32, ticket, wall, elapsed int64, out *core.Decision) int32 {
	return l.event(session, wall, elapsed, span(ticket), out, func(s *core.Session, now core.Now) core.Decision {
		return s.Abandon(ticket, now)
	})
}

// Prompted is the export prompted.
func (l *Library) Prompted(session int32, ticket, wall, elapsed int64, out *core.Decision) int32 {
	return l.event(session, wall, elapsed, span(ticket), out, func(s *core.Session, now core.Now) core.Decision {
		return s.Prompted(ticket, now)
	})
}

// Invalidate is the export invalidate.
func (l *Library) Invalidate(session int32, fingerprint uint64, wall, elapsed int64, out *core.Decision) int32 {
	return l.event(session, wall, elapsed, true, out, func(s *core.Session, now core.Now) core.Decision {
		return s.Invalidate(fingerprint, now)
	})
}

// Force is the export force.
func (l *Library) Force(session int32, wall, elapsed int64, out *core.Decision) int32 {
	return l.event(session, wall, elapsed, true, out, (*core.Session).Force)
}

// Wake is the export wake.
func (l *Library) Wake(session int32, wall, elapsed int64, out *core.Decision) int32 {
	return l.event(session, wall, elapsed, true, out, (*core.Session).Wake)
}
