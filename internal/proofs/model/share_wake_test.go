package model_test

import "github.com/evercreds/evercreds/core"

// wakeShare does what is due at the store.
func (m *model) wakeShare() {
	now := m.now.Elapsed
	if p := m.share.parting; p != nil && p.number != 0 && now >= p.until {
		m.partingFails()
	}
	f := m.flight
	if f == nil || !m.shared() {
		return
	}
	if f.grounded && m.dueNow() {
		m.becomesWaitedFor()
	}
	switch {
	case f.asks != nil && f.asks.number != 0 && now >= f.asks.until:
		m.storeFails()
	case f.grounded && f.asks == nil && now >= f.next:
		m.toStore(core.ShareLook)
	case !f.grounded && f.turn != 0 && f.asks == nil && now >= f.extendAt:
		f.asks = &storeCall{kind: core.ShareCampaign, until: now + m.callBound(f)}
	}
	if f = m.flight; m.sharing == core.Exclusive && f != nil && f.grounded && f.required && now >= f.deadline {
		m.flight = nil
		m.fails(f, core.CodeShareBusy, core.Recoverable, 0)
	}
}

// shareWake is the next instant at which something is due.
func (m *model) shareWake() int64 {
	at := core.Never
	if p := m.share.parting; p != nil {
		switch {
		case p.number != 0:
			at = p.until
		case p.kind == core.SharePublish:
			at = max(m.now.Elapsed, m.share.until)
		default:
			at = m.now.Elapsed
		}
	}
	if m.flight == nil {
		return min(at, m.idleAt())
	}
	return min(at, m.meetingWake())
}

func (m *model) meetingWake() int64 {
	f, now := m.flight, m.now.Elapsed
	if !f.grounded {
		at := f.deadline
		switch {
		case f.turn != 0 && f.asks != nil:
			at = min(at, f.asks.until)
		case f.turn != 0:
			at = min(at, f.extendAt)
		}
		return at
	}
	at := f.next
	if f.asks != nil {
		at = f.asks.until
	}
	if !f.waited && m.held.expiry < core.Never {
		at = min(at, now+m.left()-m.held.mandatory) // it becomes waited for there
	}
	if m.sharing == core.Exclusive && f.required {
		at = min(at, f.deadline)
	}
	return max(at, now)
}
