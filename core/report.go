package core

// longSuspicion is how soon after its install a reported set counts as one in a row.
// It is long, since the pause counts from the install: a set that is revoked later
// is still replaced at once.
const longSuspicion = 10 * minute

// doubt takes in a caller's report. The report concerns the reporter alone: no lease
// ends, and all others are still served. (Under AWS2026 it is an Invalidate.)
func (s *Session) doubt(now Now, need Need) {
	h := &s.held
	if need.Evidence != EvidenceStrong || h.ticket == 0 || h.fingerprint != need.Other {
		return
	}
	if s.cfg.policy == AWS2026 {
		if !h.rejected {
			s.reject(now)
		}
		return
	}
	if h.suspect {
		return
	}
	h.suspect = true
	s.counts.rejected++
	s.out.Notes |= NoteReported
	if now.Elapsed-h.installed >= longSuspicion {
		s.strikes = 0
	}
	s.strikes++
	if s.strikes < 2 {
		return // once may be chance; the caller's retry is to succeed
	}
	h.spaced = h.installed + min(5*second<<min(s.strikes-2, 10), 5*minute)
	if s.cfg.attended { // no person is prompted again and again; Force is there
		h.spaced = max(h.spaced, min(h.elapsed, h.installed+12*hour))
	}
	if h.spaced > now.Elapsed {
		s.out.Notes |= NoteSpaced
	}
}

// barred tells that this caller must not get the held set, since a service refused
// it to this caller.
func (s *Session) barred(need Need) bool {
	return need.Evidence != EvidenceNone && s.held.ticket != 0 && s.held.fingerprint == need.Other && s.cfg.policy != AWS2026
}

// askOther answers a caller that needs another set than the held one. The static
// hold-off does not delay it, since it cannot be served meanwhile.
func (s *Session) askOther(now Now, need Need) {
	h, lost, weak := &s.held, s.lostUntil(), need.Evidence == EvidenceWeak
	bypass := !h.bypassed && !weak
	switch {
	case s.flight.ticket != 0:
		s.flight.reported = true
		s.join(now, need)
		s.await(Wait)
	case weak && (h.checked || s.cfg.attended), h.spaced > now.Elapsed: // nobody is prompted on a suspicion
		s.refuse(CodeRejected, max(now.Elapsed, h.spaced))
	case lost > now.Elapsed:
		s.fail(s.lostFailure(), lost)
	case s.stalled > now.Elapsed && !bypass:
		s.refuse(CodeRejected, s.stalled)
	case s.required.until > now.Elapsed && !bypass:
		s.refuseCached()
	default:
		s.start(now, CauseReported)
		s.flight.reported, s.flight.against = true, grounds{need.Other, need.Evidence}
		s.join(now, need)
		h.bypassed, h.checked = h.bypassed || !weak, h.checked || weak
		s.await(Refresh)
	}
}
