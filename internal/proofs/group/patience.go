package group

import "github.com/evercreds/evercreds/core"

// lasts tells whether the store keeps what it has, answers, and says the truth, and the
// source does not fail: then a flight is in the air by its turn, or since its patience is
// over.
func (p *Plan) lasts() bool { return p.Faults.Flush == 0 && p.answers() }

// answers tells the same of a store that may forget all.
func (p *Plan) answers() bool {
	f := p.Faults
	f.Crash, f.Pause, f.Revoke, f.Hang, f.Flush, f.Late = 0, 0, 0, 0, 0, 0
	return f == Faults{} && !p.Hostile && !p.Odd
}

// polite tells whether hosts take the answers that are there before anything else, and
// the answer to the flight's call first. Otherwise a process that was stopped gives up
// calls that were answered, which costs flights.
func (p *Plan) polite() bool { return p.lasts() && !p.Exclusive }

// takesOff looks at a flight that goes into the air. It has a turn, and none has begun
// since, or it was kept for others' sake for long enough, and has just looked.
func (r *Room) takesOff(m *member, d core.Decision) {
	if !r.plan.lasts() || m.undone || m.shuns {
		return
	}
	kept, alone := r.now-m.began, d.Notes&core.NoteAlone != 0
	patient := kept < r.plan.Wait*3/4 || r.plan.Exclusive
	switch {
	case alone && patient:
		r.wrong("S5", "process %d flies without a turn after %d ms, and the store has not failed", m.owner, kept)
	case alone && r.looked < 0:
		r.wrong("S5", "process %d flies without a turn, and without a last look", m.owner)
	case alone && r.now-r.looked > r.plan.Call && r.plan.Faults.Pause == 1: // it has not slept before
		r.wrong("S5", "process %d flies without a turn, on a look that it slept on", m.owner)
	case !alone && patient && r.store.number > m.turn && !m.again:
		r.wrong("S5", "process %d flies with turn %d, and turn %d has begun", m.owner, m.turn, r.store.number)
	}
}

// wins looks at the number of a turn that a flight has won. It goes on from the highest
// that the process has met, also where the store has forgotten all.
func (r *Room) wins(m *member, a answer, d core.Decision) {
	if d.Notes&core.NoteLed == 0 {
		m.adrift = m.adrift || a.won && d.Notes&core.NoteUnknownTicket != 0
		return
	}
	if r.plan.answers() && a.number <= m.seen && a.number != m.turn && !m.adrift {
		r.wrong("S7", "process %d wins turn %d, and has met turn %d", m.owner, a.number, m.seen)
	}
	m.turn, m.again = a.number, a.number <= m.seen
}

// meets keeps the highest number of a turn that a process has met.
func (m *member) meets(a answer) { m.seen = max(m.seen, a.number, a.entry.generation) }

// waited looks at a caller that has its answer, and at how long it has waited: for the
// source as alone, and for others as long as it may.
func (r *Room) waited(m *member) {
	most := r.plan.Wait + 2*r.plan.Call + r.plan.Flight
	if r.plan.Faults.Hang > 0 {
		most += 2 * r.plan.Wait
	}
	if m.waits != 0 && !r.plan.Exclusive && !r.plan.Odd && r.now-m.since > most {
		r.wrong("S2", "a caller of process %d has waited for %d ms, at most %d", m.owner, r.now-m.since, most)
	}
}

// asksFor looks at what a caller without a need of its own is told: who is within the
// advisory window never waits.
func (r *Room) asksFor(m *member, now core.Now) core.Decision {
	fresh := m.held != 0 && !m.rejected && m.session.Status(core.StatusRemaining, now) > m.session.Status(core.StatusMandatory, now)
	d := m.session.Ask(now, m.need)
	if fresh && (d.Kind == core.Wait || d.Kind == core.Refresh || d.Kind == core.Error) {
		r.wrong("S2", "a caller of process %d does not get the set that it holds, which is not in its mandatory window", m.owner)
	}
	return d
}

// storeFailed looks at what a flight does whose look or campaign has failed: it goes
// alone, at once. Then the store is left alone for a step of its ladder.
func (r *Room) storeFailed(m *member, c *call, d core.Decision) {
	if d.Notes&core.NoteUnknownTicket != 0 || c.share != core.ShareLook && c.share != core.ShareCampaign || r.plan.Exclusive || m.flight != 0 && d.Started == 0 {
		return
	}
	if d.Started == 0 {
		r.wrong("S15", "the store has failed, and process %d does not go alone", m.owner)
	}
	m.failed++
	most := int64(60_000)
	if m.session.Status(core.StatusSet, core.Now{}) != 0 {
		most = min(most, m.session.Status(core.StatusLifetime, core.Now{})/4)
	}
	m.leave = r.now + min(int64(5000)<<min(m.failed-1, 10), most)/2
}

// asksTheStore looks at a call of the store: one in each step of its ladder.
func (r *Room) asksTheStore(m *member, share core.Share) {
	if (share == core.ShareLook || share == core.ShareCampaign) && r.now < m.leave && m.flight == 0 && !r.plan.Exclusive {
		r.wrong("S15", "process %d asks a store that has just failed", m.owner)
	}
}
