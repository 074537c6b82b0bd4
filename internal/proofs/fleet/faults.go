package fleet

// leads is what befalls a process that has just won a turn: at the store, for it does not
// know yet.
func (g *group) leads(m *member) {
	p := g.plan
	m.dies = Nowhere
	if p.Kill != Nowhere && !g.killed {
		if m.dies = p.Kill; p.Kill == Anywhere {
			m.dies = []Moment{BeforeCall, InAir, BeforePublish}[g.rng.IntN(3)]
		}
		g.killed = true
	}
	switch {
	case m.dies == BeforeCall:
		g.push(g.now, toKill, m.number, 0)
	case p.Stop > 0 && g.rng.IntN(3) == 0:
		m.stopped = g.now + g.rng.Int64N(p.Stop*ms)
	}
}

// kill ends a process as kill -9 does. A new one takes its place a second later.
func (g *group) kill(m *member) {
	g.tally.Kills++
	if m.flight != 0 {
		g.tally.Lost++
	}
	g.died = g.now
	if g.plan.Engine.lock && g.record.owner == m.owner {
		g.record.owner, g.record.end = 0, 0 // the kernel drops the lock
		g.version++
	}
	m.life++
	m.held, m.flight, m.stopped = 0, 0, 0
	g.push(g.now+second*ms, toStart, m.number, 0)
}
