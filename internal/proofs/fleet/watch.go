package fleet

import "github.com/evercreds/evercreds/core"

// called counts a call of the source. It is a refresh if the group had to have a new set:
// else it is one too many. The group's life is over where one more refresh begins than
// the plan has.
func (g *group) called(m *member) {
	now := g.now / ms
	if g.round == 0 || now-g.first > (g.plan.Life-g.plan.Advisory)/2 || g.revoked >= len(g.sets)-1 && g.revoked > 0 {
		if g.over = g.round == g.plan.Refreshes; g.over {
			return
		}
		g.round++
		g.first = now
	}
	g.tally.Calls++
	g.tally.call(g.round, now)
	if g.died >= 0 {
		took := now - g.died/ms
		if m.since >= 0 && m.waits != 0 {
			g.tally.takeovers = append(g.tally.takeovers, took)
		} else {
			g.tally.quietTakeovers = append(g.tally.quietTakeovers, took)
		}
		g.died = -1
	}
}

// counts counts a call of the store for the refresh that it belongs to.
func (g *group) counts(m *member, share core.Share) {
	g.tally.StoreCalls++
	if share == core.SharePublish || share == core.ShareResign { // for the refresh that is over
		if m.before > 0 && !m.hurried {
			g.tally.MostCalls = max(g.tally.MostCalls, m.before+1)
		}
		return
	}
	m.asked++
	if !m.hurry {
		g.tally.MostCalls = max(g.tally.MostCalls, m.asked)
	}
}

// holds looks at what a member holds after a decision.
func (g *group) holds(m *member, d core.Decision) {
	set := m.setOf(d.Held)
	m.set = d.Held
	if set == m.held || d.Held == 0 {
		return
	}
	m.before, m.hurried = m.asked, m.hurry
	m.held, m.asked, m.hurry = set, 0, false
	if left, believed := g.sets[set].expiry-g.now/ms, m.session.Status(core.StatusRemaining, g.at(m)); believed > max(left, 0) {
		g.tally.Overestimated++
	}
}

// adopts looks at a set that is taken from the store.
func (g *group) adopts(m *member, d core.Decision) {
	if d.Notes&core.NoteAdopted == 0 {
		return
	}
	g.tally.Adopted++
	set := m.setOf(d.Held)
	if m.held != 0 && m.held != m.refused && g.sets[set].expiry < g.sets[m.held].expiry {
		g.tally.RolledBack++
	}
	if set == m.refused {
		g.tally.Readopted++
	}
}

// serves looks at what a caller gets, and how long it has waited.
func (g *group) serves(m *member, d core.Decision) {
	set := m.setOf(d.Set)
	if set == 0 || g.sets[set].expiry <= g.now/ms {
		g.tally.Overestimated++
	}
	if m.waits == 0 {
		return
	}
	waited := g.now/ms - max(m.since, m.stopped)/ms // what it slept is not the store's doing
	g.tally.Waited++
	g.tally.LongestWait = max(g.tally.LongestWait, waited)
	switch {
	case m.cold && m.flew:
		g.tally.leaders = append(g.tally.leaders, waited)
	case m.cold:
		g.tally.followers = append(g.tally.followers, waited)
	}
}
