package model_test

import "github.com/evercreds/evercreds/core"

// hears takes in that a service refused a set to this caller.
func (m *model) hears(n core.Need) {
	h := m.held
	switch {
	case h == nil || n.Evidence != core.EvidenceStrong || h.fingerprint != n.Other:
	case m.policy == core.AWS2026 && !h.rejected:
		m.giveUp()
	case m.policy != core.AWS2026 && !h.suspect:
		h.suspect = true
		m.counts[core.StatusRejections]++
		m.d.Notes |= core.NoteReported
		m.strike()
	}
}

// strike puts the next fetch for a reporter off if set after set is reported.
func (m *model) strike() {
	h := m.held
	if m.strikes++; m.now.Elapsed-h.installed >= 10*minute {
		m.strikes = 1
	}
	if m.strikes == 1 {
		return
	}
	h.noneBefore = h.installed + ladder(5*second, 5*minute, m.strikes-1)
	if m.attended {
		h.noneBefore = max(h.noneBefore, min(h.elapsed, h.installed+12*60*minute))
	}
	if m.now.Elapsed < h.noneBefore {
		m.d.Notes |= core.NoteSpaced
	}
}

// askOther is for a caller to whom a service refused the held set.
func (m *model) askOther(n core.Need) {
	h, now, weak := m.held, m.now.Elapsed, n.Evidence == core.EvidenceWeak
	passes := !weak && !h.passed
	switch e := m.lostError(); {
	case m.flight != nil:
		m.join()
		m.flight.reporter = true
	case now < h.noneBefore, weak && h.checked, weak && m.attended:
		m.refuse(core.CodeRejected, core.Recoverable, h.noneBefore, 0)
	case len(m.lost) > 1:
		m.refuse(e.code, e.class, m.roomAt(), e.ticket)
	case passes || now >= max(m.noProgressUntil, m.requiredUntil):
		m.startRequired(core.CauseReported)
		m.flight.reporter, m.flight.need = true, n
		h.checked, h.passed = h.checked || weak, h.passed || !weak
	case now < m.noProgressUntil:
		m.refuse(core.CodeRejected, core.Recoverable, m.noProgressUntil, 0)
	default:
		m.refuseCached()
	}
}

// waits turns an error that may soon be over into a wait for the next attempt.
func (m *model) waits(n core.Need) {
	until := min(n.Until, m.now.Elapsed+m.maxWait)
	if n.Until == 0 {
		return
	}
	switch m.d.Kind {
	case core.Refresh, core.RefreshInline, core.Wait:
		m.d.Until = until
	case core.Error:
		again := max(m.d.RetryAt, m.now.Elapsed+200)
		final := m.d.Class == core.Permanent || m.d.Code == core.CodeMinTTL || m.d.Code == core.CodeAbandoned || m.d.Code == core.CodeRejected && m.refusedTo(n)
		if !final && !m.attended && again <= until {
			m.d.Kind, m.d.Deadline, m.d.Until = core.Wait, again, until
		}
	}
}
