package fleet

import "github.com/evercreds/evercreds/core"

// member is one process: its session, and what its host keeps.
type member struct {
	session core.Session
	number  int
	life    int32 // how many processes were here before
	owner   int64
	off     int64 // of its wall clock
	stopped int64 // until then
	askAt   int64
	wakeAt  int64

	flight  int64 // in the air, by its ticket
	fetched int   // the set that it will bring
	dies    Moment
	waits   int64 // a caller waits for this flight
	since   int64 // since then; -1: nobody waits
	flew    bool  // this process called the source since then
	need    core.Need
	cold    bool // it has served nobody yet
	refused int  // a set that a service refused to it

	saw   saw
	clock int64 // the store's, in the last answer
	heard int64 // when that was; -1: not since the last look began
	kept  [3]kept
	held  int   // the set that the session holds
	set   int64 // that, by its ticket

	asked   int  // calls of the store for the refresh under way
	before  int  // for the one before
	hurry   bool // somebody has waited meanwhile
	hurried bool // for the one before
}

// kept is a set by the ticket, or the number of the look, that brought it.
type kept struct {
	ticket int64
	set    int
}

func (m *member) keep(ticket int64, set int) {
	for i := range m.kept {
		if k := &m.kept[i]; k.ticket == 0 || k.ticket != m.set && k.ticket != m.flight {
			*k = kept{ticket, set}
			return
		}
	}
}

func (m *member) setOf(ticket int64) int {
	for _, k := range m.kept {
		if k.ticket == ticket && ticket != 0 {
			return k.set
		}
	}
	return 0
}

// at is the time as a process sees it.
func (g *group) at(m *member) core.Now {
	return core.Now{Wall: began + g.now/ms + m.off, Elapsed: g.now / ms}
}

// start begins a process, with an owner of its own.
func (g *group) start(i int) error {
	m := &g.members[i]
	g.owners++
	*m = member{number: i, life: m.life, owner: g.owners, heard: -1, since: -1, cold: true}
	if g.plan.Skewed {
		m.off = []int64{-2 * minute, 0, 0, 0, 90 * second}[g.rng.IntN(5)]
	}
	d, err := g.open(m)
	if err != nil {
		return err
	}
	g.act(m, d)
	g.ask(m, core.Need{})
	return nil
}

func (g *group) open(m *member) (core.Decision, error) {
	p := g.plan
	options := []struct {
		option core.Option
		value  float64
	}{
		{core.OptAdvisoryTimeout, float64(p.Advisory / second)}, {core.OptMandatoryTimeout, float64(p.Mandatory / second)},
		{core.OptShare, 1}, {core.OptShareCall, float64(p.Engine.call) / 1000}, {core.OptSharePoll, float64(p.Engine.poll) / 1000},
	}
	if p.Way == Solo {
		options = options[:2]
	}
	m.session = *core.New()
	for _, o := range options {
		if err := m.session.Set(o.option, o.value); err != nil {
			return core.Decision{}, err
		}
	}
	return m.session.Open(g.at(m), g.rng.Uint64())
}

// ask is a caller's.
func (g *group) ask(m *member, need core.Need) {
	m.askAt, m.need = 0, need
	if m.since < 0 {
		m.since, m.flew = g.now, false
	}
	g.act(m, m.session.Ask(g.at(m), need))
}

// comes has the next caller come, some time after an instant.
func (g *group) comes(m *member, from int64) {
	at := max(from, g.now) + g.rng.Int64N(2*g.plan.Pause*ms)
	m.askAt = at
	g.push(at, toAsk, m.number, 0)
}

// act does what a decision asks of the host.
func (g *group) act(m *member, d core.Decision) {
	for {
		g.holds(m, d)
		if d.Started != 0 {
			g.fly(m, d.Started)
		}
		if d.Cancelled != 0 && d.Cancelled == m.flight {
			m.flight = 0
		}
		if d.Share != core.ShareNone {
			g.send(m, d)
		}
		if d.NextWake < core.Never && d.NextWake*ms != m.wakeAt {
			m.wakeAt = max(d.NextWake*ms, g.now)
			g.push(m.wakeAt, toWake, m.number, 0)
		} else if d.NextWake >= core.Never {
			m.wakeAt = 0
		}
		g.tells(m, d)
		if d.Void != 0 && m.since < 0 {
			g.comes(m, g.now)
		}
		if m.waits == 0 || d.Settled != m.waits {
			return
		}
		d = m.session.Answer(m.waits, g.at(m), m.need, false)
	}
}

// tells gives a caller what the decision has for it.
func (g *group) tells(m *member, d core.Decision) {
	switch d.Kind {
	case core.Serve, core.ServeAndRefresh:
		g.serves(m, d)
		m.waits, m.since, m.cold = 0, -1, false
		g.comes(m, d.LeaseElapsed*ms)
	case core.Wait, core.Refresh:
		m.hurry = true
		if m.waits = d.Ticket; m.waits == 0 { // it asks again then
			m.askAt = d.Deadline * ms
			g.push(m.askAt, toAsk, m.number, 0)
		}
	case core.Error:
		g.tally.Failed++
		m.waits, m.since = 0, -1
		g.comes(m, d.RetryAt*ms)
	}
}

// fly is a call of the source, which makes a set as soon as it is asked.
func (g *group) fly(m *member, ticket int64) {
	g.called(m)
	g.sets = append(g.sets, minted{expiry: g.now/ms + g.plan.Life, called: g.now / ms})
	m.flight, m.fetched, m.flew = ticket, len(g.sets)-1, true
	m.keep(ticket, m.fetched)
	takes := (g.plan.SourceLeast + g.rng.Int64N(g.plan.SourceMost-g.plan.SourceLeast+1)) * ms
	g.push(g.now+takes, toLand, m.number, ticket)
	switch {
	case m.dies == InAir:
		g.push(g.now+g.rng.Int64N(takes), toKill, m.number, 0)
	case m.dies == Nowhere && g.plan.Stop > 0 && g.rng.IntN(2) == 0: // in the air, or when the reply is there
		m.stopped = g.now + g.rng.Int64N(g.plan.Stop*ms)
	}
}

func (g *group) land(m *member) {
	if m.dies == BeforePublish {
		g.kill(m)
		return
	}
	ticket, set := m.flight, g.sets[m.fetched]
	m.flight = 0
	g.act(m, m.session.Complete(ticket, g.at(m), core.Facts{
		Expiry: began + set.expiry, Fingerprint: g.print(m.fetched), Duration: g.plan.Life, ServerTime: began + set.called,
	}))
}

// send gives a call to the store. One that never answers has it for ever.
func (g *group) send(m *member, d core.Decision) {
	g.counts(m, d.Share)
	if g.plan.Silent {
		g.tally.store(g.now)
		return
	}
	c := call{share: d.Share, number: d.ShareCall, owner: m.owner, sent: g.now, seen: d.ShareNumber, saw: m.saw, notice: d.ShareNotice, span: d.ShareSpan}
	switch d.Share {
	case core.SharePublish:
		c.entry = record{set: m.setOf(d.ShareSet), generation: d.ShareNumber, replaces: uint64(d.ReplacesHigh)<<32 | uint64(d.ReplacesLow)}
		if m.heard >= 0 {
			c.entry.ends = m.clock + g.now/ms - m.heard + d.ShareSpan
		}
	case core.ShareLook:
		m.heard = -1
	}
	i := int64(len(g.calls))
	if n := len(g.free); n > 0 {
		i = int64(g.free[n-1])
		g.free = g.free[:n-1]
		g.calls[i] = c
	} else {
		g.calls = append(g.calls, c)
	}
	g.push(g.now+g.latency()/2, toStore, m.number, i)
}

// deliver gives a process what the store has answered.
func (g *group) deliver(m *member, i int32) {
	c := g.calls[i]
	g.free = append(g.free, i)
	s, a, now := &m.session, &c.answer, g.at(m)
	if a.failed {
		g.act(m, s.ShareFailed(c.number, now, core.StoreUnreachable))
		return
	}
	if c.sent/ms >= m.heard { // an older answer says nothing newer
		m.clock, m.heard = a.clock, now.Elapsed
	}
	switch c.share {
	case core.ShareLook:
		m.saw = saw{a.found.number, a.found.set}
		m.keep(c.number, a.found.set)
		d := s.ShareFound(c.number, now, g.found(a))
		g.adopts(m, d)
		g.act(m, d)
	case core.ShareCampaign:
		g.act(m, s.ShareLed(c.number, now, a.found.number, a.won, a.left))
	default:
		g.act(m, s.ShareDone(c.number, now, a.won))
	}
}
