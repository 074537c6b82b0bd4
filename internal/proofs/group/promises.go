package group

import "github.com/evercreds/evercreds/core"

// check looks at the promises that hold at every instant.
func (r *Room) check() {
	air := 0
	for i := range r.members {
		m := &r.members[i]
		if m.dead {
			continue
		}
		if m.flight != 0 {
			air++
		}
		longest := r.plan.Wait + 2*r.plan.Call
		if m.waits != 0 && !m.settled && !m.paused && m.flight == 0 && !r.plan.Exclusive && r.now-m.since > longest {
			r.wrong("S1", "process %d has waited for %d ms, and its flight is not in the air", i, r.now-m.since)
		}
	}
	if r.plan.Exclusive && air > 1 {
		r.wrong("S12", "%d exclusive flights are in the air", air)
	}
	for i := range r.members {
		if m := &r.members[i]; r.plan.healthy() && !r.plan.Odd && m.held != 0 && m.asks > 3 {
			r.wrong("S13", "process %d has called the store %d times for one refresh", i, m.asks)
		}
	}
	if r.plan.healthy() && !r.plan.Odd && (air > 1 || r.extra > 0) {
		r.wrong("S6", "%d flights in the air, %d too many, and nothing has failed", air, r.extra)
	}
}

// takeoff counts flights that a group which works would not have needed.
func (r *Room) takeoff() {
	life := r.plan.lifeOf(len(r.sets) - 2)
	if r.now-r.last < life-r.plan.Advisory && r.revoked < len(r.sets)-2 {
		r.extra++
	}
	r.last = r.now
	r.flights++
}

// checkWrite looks at what a publication does to the record.
func (r *Room) checkWrite(old, e entry) {
	if old.set == 0 || old.junk || e.set == old.set {
		return
	}
	if r.sets[e.set].expiry <= r.sets[old.set].expiry && e.replaces != r.print(old.set) {
		r.wrong("S7", "the entry goes back from set %d to set %d", old.set, e.set)
	}
	if e.set <= r.revoked && old.set > r.revoked {
		r.wrong("S7", "the revoked set %d is written over the good set %d", e.set, old.set)
	}
}

// publishes looks at what a member gives to others.
func (r *Room) publishes(m *member, e entry) {
	if e.set == 0 {
		r.wrong("S4", "a publication of a set that the host does not have")
		return
	}
	if m.gaveUp(e.set) {
		r.wrong("S4", "set %d was given up, and is published", e.set)
	}
	if r.plan.healthy() && !r.plan.Odd && m.asked > 2 {
		r.wrong("S13", "process %d calls the store %d times for the set that it has fetched", m.owner, m.asked+1)
	}
	if e.ends != 0 && !r.plan.Hostile && r.sets[e.set].expiry+r.store.off < e.ends && r.plan.Jump == 0 {
		r.wrong("S3", "set %d is published with an end that is %d ms late", e.set, e.ends-r.sets[e.set].expiry-r.store.off)
	}
}

// holds looks at what a member holds after a decision.
func (r *Room) holds(m *member, d core.Decision) {
	set := m.setOf(d.Held)
	m.ticket = d.Held
	if set == m.held || d.Held == 0 {
		return
	}
	expiry := r.sets[set].expiry
	if m.held != 0 && !m.rejected && !r.plan.Odd && expiry < m.expiry && d.Notes&core.NoteAdopted != 0 {
		r.wrong("S7", "process %d adopts set %d, which expires before set %d", m.owner, set, m.held)
	}
	m.held, m.expiry, m.rejected, m.asks, m.asked = set, expiry, false, 0, m.asks
}

// adopted looks at a set that was taken from the store.
func (r *Room) adopted(m *member, d core.Decision, now core.Now) {
	if d.Notes&core.NoteAdopted == 0 {
		return
	}
	r.adoptions++
	set := m.setOf(d.Held)
	if m.gaveUp(set) {
		r.wrong("S4", "set %d was given up, and is adopted", set)
	}
	if left, believed := r.sets[set].expiry-r.now, m.session.Status(core.StatusRemaining, now); believed > max(left, 0) {
		r.wrong("S3", "set %d has %d ms left, and %d are believed", set, left, believed)
	}
}

// served looks at what a caller gets.
func (r *Room) served(m *member, d core.Decision) {
	set := m.setOf(d.Set)
	switch {
	case set == 0:
		r.wrong("S3", "a caller is served a set that the host does not have")
	case r.sets[set].expiry <= r.now:
		r.wrong("S3", "a caller is served set %d, which has expired", set)
	}
}

// failed looks at an error that a caller gets: an attempt of this process failed.
func (r *Room) failed(m *member, d core.Decision) {
	if r.plan.Odd && d.Code == core.CodeMinTTL {
		return // a need that no set meets
	}
	exclusive := r.plan.Exclusive && (d.Code == core.CodeShareBusy || d.Code == core.CodeShareLock)
	if r.plan.Faults.SourceFails == 0 && r.plan.Faults.Hang == 0 && !exclusive && d.Code != core.CodeRejected {
		r.wrong("S10", "process %d tells a caller error %d, and no attempt of its own has failed", m.owner, d.Code)
	}
}
