package group

import (
	"slices"

	"github.com/evercreds/evercreds/core"
)

// Do takes a step.
func (r *Room) Do(a Action) error {
	m := &r.members[a.member]
	now := r.at(a.member)
	r.steady(m)
	if a.what.isOfProcess() { // in it, a call is given up that takes too long
		if m.calls[0].late(r.now) {
			m.undone, m.shuns = true, true
		}
		m.adrift = m.adrift || m.calls[1].late(r.now)
	}
	switch a.what {
	case storeDoes, answerLost, staleRead:
		r.perform(m, a)
	case answerComes:
		r.deliver(m, a.call, now)
	case sourceAnswers, sourceFails, sourceHangs:
		r.land(m, a.what, now)
	case timer:
		r.act(m, m.session.Wake(now))
	case callerAsks:
		m.forced, m.need = false, core.Need{}
		r.act(m, r.asksFor(m, now))
	case callerForces:
		m.forced, m.need = true, core.Need{}
		r.act(m, m.session.Force(now))
	case callerNeeds:
		m.forced, m.need = false, core.Need{MinTTL: r.plan.lifeOf(0) / 2}
		r.act(m, m.session.Ask(now, m.need))
	case restore:
		r.restore(m, now)
	case callerAnswered:
		r.act(m, m.session.Answer(m.waits, now, m.need, m.forced))
	case told:
		m.giveUp(m.held)
		r.act(m, m.session.Invalidate(r.print(m.held), now))
		m.rejected = true
	case crash:
		r.faults.Crash--
		m.dead = true
	case pause:
		r.faults.Pause--
		m.paused = true
	case resume:
		m.paused = false
		m.since = r.now // what it slept is not the store's doing
	case lateDoes:
		z := r.givenUp[a.call]
		r.givenUp = slices.Delete(r.givenUp, a.call, a.call+1)
		r.faults.Late--
		r.does(z.owner, z.saw, &z.call)
	case timePasses:
		r.now = r.next()
	default:
		r.strike(a.what)
	}
	r.check()
	return r.err
}

// strike is what happens to the store.
func (r *Room) strike(a what) {
	s, f := &r.store, &r.faults
	switch a {
	case storeDown:
		f.Down--
		s.down = true
	case storeUp:
		s.down = false
	case failover:
		f.Failover--
		s.record = s.before
		s.off += r.plan.Jump
	case flush:
		f.Flush--
		s.record, s.before = record{}, record{}
	case tamper:
		f.Tamper--
		s.entry.junk = true
	case forge:
		f.Forge--
		s.number++
		s.owner, s.end = -1, 1<<50
	case revoke:
		f.Revoke--
		r.revoked = len(r.sets) - 1
	}
}

// perform has the store do a call. An answer that is lost, and one of a store that is
// down, is a failure to the process.
func (r *Room) perform(m *member, a Action) {
	c := &m.calls[a.call]
	r.calls++
	c.done, c.readyAt = true, r.now+r.latency()
	if r.store.down {
		c.answer = answer{failed: true}
		return
	}
	if r.plan.Hostile {
		c.answer = r.lie(c)
		return
	}
	c.answer = r.does(m.owner, m.saw, c)
	switch a.what {
	case staleRead:
		r.faults.Stale--
		c.answer = r.store.read(r.store.before, m.owner, r.now)
	case answerLost:
		r.faults.Lost--
		c.answer = answer{failed: true}
	}
}

// does is a call as the store does it.
func (r *Room) does(owner int, saw record, c *call) answer {
	switch c.share {
	case core.ShareLook:
		return r.store.read(r.store.record, owner, r.now)
	case core.ShareCampaign:
		return r.store.campaign(r.plan, owner, c.seen, saw, r.now, r.alive)
	case core.SharePublish:
		return r.publish(owner, c.seen, c.span, c.entry)
	default:
		return r.store.resign(owner, c.seen, c.notice, c.span, r.now)
	}
}

// deliver gives a process what the store has answered.
func (r *Room) deliver(m *member, at int, now core.Now) {
	c := m.calls[at]
	m.calls[at] = call{}
	s, a := &m.session, c.answer
	if a.failed {
		d := s.ShareFailed(c.number, now, core.StoreUnreachable)
		r.act(m, d)
		r.storeFailed(m, &c, d)
		return
	}
	m.failed, m.leave = 0, 0
	m.clock, m.heard = a.clock, r.now
	switch c.share {
	case core.ShareLook:
		m.saw = a.record
		m.meets(a)
		m.keep(c.number, a.entry.set)
		d := s.ShareFound(c.number, now, r.found(a))
		r.looked = c.sent
		r.act(m, d)
		r.looked = -1
		r.adopted(m, d, now)
	case core.ShareCampaign:
		d := s.ShareLed(c.number, now, a.number, a.won, a.left)
		r.wins(m, a, d)
		m.meets(a)
		r.act(m, d)
	default:
		r.act(m, s.ShareDone(c.number, now, a.won))
	}
	m.shuns = m.shuns && s.Status(core.StatusShare, now) == int64(core.SharingSolo)
}

// found is a record as the host tells it. What was tampered with is no entry.
func (r *Room) found(a answer) core.Found {
	f := core.Found{Turn: a.number, TurnLeft: a.left, Notice: a.notice, NoticeLeft: max(0, a.noticeEnd-a.clock)}
	e := a.entry
	if e.set == 0 || e.junk {
		return f
	}
	f.Expiry, f.Fingerprint, f.Life = began+r.sets[e.set].expiry, r.print(e.set), r.plan.lifeOf(e.set-1)
	f.Generation, f.Replaces, f.Left = e.generation, e.replaces, core.Never
	if e.ends != 0 {
		f.Left = e.ends - a.clock
	}
	return f
}

// land is the end of a flight in the air.
func (r *Room) land(m *member, a what, now core.Now) {
	switch a {
	case sourceHangs:
		r.faults.Hang--
		m.landing += 2 * r.plan.Wait
		return
	case sourceFails:
		r.faults.SourceFails--
		ticket := m.flight
		m.flight = 0
		class, pause := core.Recoverable, int64(0)
		if r.plan.Odd {
			class = []core.Class{core.Recoverable, core.Permanent, core.Throttled}[r.rng.IntN(3)]
			pause = r.rng.Int64N(2) * 20_000
		}
		r.act(m, m.session.Fail(ticket, now, class, core.CodeSource, pause))
		return
	}
	ticket, set := m.flight, r.sets[m.fetched]
	m.flight = 0
	r.act(m, m.session.Complete(ticket, now, core.Facts{
		Expiry: began + set.expiry, Fingerprint: r.print(m.fetched), Duration: set.expiry - set.called, ServerTime: began + set.called,
	}))
}

// restore is what a fork, or a fault of the library, comes to: a session from a snapshot,
// with an owner of its own, and without calls and flight.
func (r *Room) restore(m *member, now core.Now) {
	s, d, err := core.Restore(m.session.AppendSnapshot(nil), now, r.rng.Uint64())
	if err != nil {
		r.wrong("S11", "%v", err)
		return
	}
	m.session, m.calls, m.flight, m.heard = *s, [2]call{}, 0, -1
	m.owner += len(r.members)
	if s.Status(core.StatusShare, now) == int64(core.SharingLeading) {
		r.wrong("S11", "a session that was restored leads")
	}
	r.act(m, d)
}

// next is the next instant at which something is due.
func (r *Room) next() int64 {
	at := r.plan.Horizon
	for i := range r.members {
		m := &r.members[i]
		if m.dead {
			continue
		}
		if m.paused {
			at = min(at, r.now+r.plan.Turn)
			continue
		}
		at = min(at, m.wake)
		for _, c := range m.calls {
			if c.share != core.ShareNone {
				at = min(at, c.readyAt)
			}
		}
		if m.flight != 0 {
			at = min(at, m.landing)
		}
		if m.waits == 0 {
			at = min(at, m.nextAsk)
		}
	}
	return max(at, r.now+1)
}

// latency is how long half of a call takes. Now and then a store is slow.
func (r *Room) latency() int64 {
	if !r.plan.Latency {
		return 0
	}
	if r.plan.Faults.Lost > 0 && r.rng.IntN(50) == 0 {
		return 2 * r.plan.Call
	}
	return r.rng.Int64N(r.plan.Call / 2)
}
