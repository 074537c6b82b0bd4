package model_test

import (
	"slices"

	"github.com/evercreds/evercreds/core"
)

func (m *model) wake(now core.Now, see *observed) core.Decision {
	if m.event(now, see); !m.closed {
		m.wakeUp()
	}
	return m.finish()
}

// wakeUp times out what is over, forgets what is lost, and starts what an eager
// session fetches by itself.
func (m *model) wakeUp() {
	for len(m.lost) > 0 && m.now.Elapsed >= m.lost[0].givenUp {
		m.lost = m.lost[1:]
		m.d.Notes |= core.NoteWrittenOff
	}
	if f := m.flight; f.aloft() && m.now.Elapsed >= f.deadline {
		m.flight = nil
		f.givenUp = m.now.Elapsed + 15*minute
		m.lost = append(m.lost, f)
		m.d.Cancelled = f.ticket
		m.d.Notes |= core.NoteTimedOut
		m.counts[core.StatusTimeOuts]++
		m.fails(f, core.CodeTimedOut, core.Recoverable, 0)
	}
	m.wakeShare()
	if m.now.Elapsed >= m.idleAt() {
		m.start(core.CauseIdle)
	}
}

// idleAt is when an eager session fetches with nobody asking.
func (m *model) idleAt() int64 {
	if !m.eager || m.attended || m.inline || m.flight != nil || m.closed {
		return core.Never
	}
	at := max(m.now.Elapsed, m.quietUntil(), m.idleFrom)
	if h := m.held; h != nil {
		if h.expiry == core.Never && !h.rejected {
			return core.Never
		}
		if !h.rejected {
			at = max(at, m.now.Elapsed+m.left()-h.advisory)
		}
	}
	return at
}

func (m *model) nextWake() int64 {
	switch {
	case m.closed:
		return core.Never
	case m.shared():
		return m.shareWake()
	case m.flight != nil:
		return m.flight.deadline
	}
	return m.idleAt()
}

func (m *model) start(cause core.Cause) {
	m.flight = &attempt{cause: cause}
	if m.shared() {
		m.depart()
		return
	}
	m.fly()
}

// fly calls the source.
func (m *model) fly() {
	f := m.flight
	f.grounded = false
	if f.ticket == 0 {
		f.ticket = m.see.ticket
	}
	f.start, f.deadline = m.now, m.now.Elapsed+m.flightTime()
	if m.see.ticket != f.ticket {
		m.wrong("flight %d should have been started", f.ticket)
	}
	m.d.Started, m.d.StartCause, m.d.StartDeadline = f.ticket, f.cause, f.deadline
	m.counts[core.StatusStarts]++
}

// flightTime is how long the source may take: with a person, until he has answered.
func (m *model) flightTime() int64 {
	if m.attended {
		return max(m.timeout, 15*minute)
	}
	return m.timeout
}

// aloft tells whether there is a flight, and the source was called for it.
func (f *attempt) aloft() bool { return f != nil && !f.grounded }

func (m *model) prompted(ticket int64, now core.Now, see *observed) core.Decision {
	if m.event(now, see); !m.closed {
		m.wakeUp()
		isLost := slices.ContainsFunc(m.lost, func(a *attempt) bool { return a.ticket == ticket })
		if f := m.flight; f.aloft() && f.ticket == ticket {
			f.start, f.deadline = m.now, m.now.Elapsed+m.timeout
		} else if !isLost {
			m.unknown()
		}
	}
	return m.finish()
}

func (m *model) force(now core.Now, see *observed) core.Decision {
	if m.event(now, see); m.closed {
		return m.finish()
	}
	m.wakeUp()
	m.need = core.Need{}
	switch e := m.lostError(); {
	case m.flight != nil:
		m.join()
	case len(m.lost) > 1:
		m.refuse(e.code, e.class, m.roomAt(), e.ticket)
		return m.finish()
	default:
		m.startRequired(core.CauseForced)
	}
	m.flight.forced = true
	m.epoch++
	if m.flight.grounded && m.sharing != core.Exclusive {
		m.flyAlone()
		m.d.Kind = core.Refresh
		m.d.Deadline = m.flight.deadline
	}
	return m.finish()
}

func (m *model) invalidate(fingerprint uint64, now core.Now, see *observed) core.Decision {
	if m.event(now, see); m.closed {
		return m.finish()
	}
	if h := m.held; h != nil && h.fingerprint == fingerprint && !h.rejected {
		m.giveUp()
	} else {
		m.d.Notes |= core.NoteInvalidateIgnored
	}
	m.wakeUp()
	return m.finish()
}

// giveUp marks the held set, for everybody.
func (m *model) giveUp() {
	m.held.rejected = true
	m.rejected = append(m.rejected, m.held.fingerprint)
	m.rejected = m.rejected[max(0, len(m.rejected)-8):]
	m.epoch++
	m.counts[core.StatusRejections]++
	m.d.Notes |= core.NoteRejected
	m.space()
}

// space puts the next attempt off if sets are rejected as fast as they come.
func (m *model) space() {
	if m.now.Elapsed-m.held.installed >= minute {
		m.streak = 0
		return
	}
	if m.streak++; m.streak > 1 {
		m.spacedUntil = m.now.Elapsed + ladder(5*second, 5*minute, m.streak-1)
		m.d.Notes |= core.NoteSpaced
	}
}

// ladder is a step that doubles from the first to the last.
func ladder(first, last, nth int64) int64 {
	for ; nth > 1 && first < last; nth-- {
		first *= 2
	}
	return min(first, last)
}

func (m *model) close(see *observed) core.Decision {
	m.see, m.d = see, core.Decision{}
	if !m.closed {
		m.closed = true
		m.epoch++
		m.share.parting = nil
		if f := m.flight; f != nil {
			if m.d.Settled = f.ticket; f.aloft() {
				m.d.Cancelled = f.ticket
			}
			m.resign(f, 0, 0)
			m.flight = nil
		}
		m.share.seen, m.share.failures, m.share.until = 0, 0, 0
		m.held = nil
	}
	return m.finish()
}
