package fleet

import (
	"math/rand/v2"

	"github.com/evercreds/evercreds/core"
)

// began is the source's clock at the beginning.
const began = 1_800_000_000_000

// group is the processes of one key, with their store's record.
type group struct {
	plan    *Plan
	key     int
	rng     *rand.Rand
	queue   queue
	now     int64 // in microseconds
	members []member
	sets    []minted // set 0 is none
	revoked int      // sets up to this one are refused
	record  record
	version int64 // of the record
	guarded int64 // the file's guard is held until then
	later   int64 // the call in hand goes on so much later; 0: it does not
	calls   []call
	free    []int32
	killed  bool // the leader of this refresh was
	died    int64
	owners  int64
	round   int // of calls of the source
	over    bool
	first   int64
	tally   *Tally
}

// minted is a set as the source knows it.
type minted struct{ expiry, called int64 }

// print is a set's fingerprint. Its high bits differ, as those of a hash do.
func (g *group) print(set int) uint64 {
	x := (uint64(g.key)<<32 + uint64(set) + 1) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	return x ^ x>>31
}

func newGroup(p *Plan, key, processes int) *group {
	g := &group{plan: p, key: key, rng: rand.New(rand.NewPCG(p.Seed, uint64(key))), sets: make([]minted, 1), tally: newTally(p), died: -1, first: -1 << 50}
	g.members = make([]member, processes)
	for i := range g.members {
		g.push(g.rng.Int64N(second*ms), toStart, i, 0)
	}
	for at := p.FlushEvery; at > 0 && at < p.length(); at += p.FlushEvery {
		g.push(at*ms, toFlush, 0, 0)
	}
	for at := p.ToldEvery; at > 0 && at < p.length(); at += p.ToldEvery {
		g.push(at*ms, toRevoke, 0, 0)
	}
	return g
}

func (g *group) push(at int64, do what, who int, arg int64) {
	g.queue.push(event{at: max(at, g.now), what: do, who: int32(who), life: g.members[who].life, arg: arg})
}

// run lets the group live for as many refreshes as the plan has.
func (g *group) run() error {
	for len(g.queue.heap) > 0 && !g.over {
		e := g.queue.pop()
		g.now = e.at
		if err := g.happen(e); err != nil {
			return err
		}
	}
	g.tally.Refreshes += int64(g.round)
	return nil
}

func (g *group) happen(e event) error {
	m := &g.members[e.who]
	switch e.what {
	case toFlush:
		g.record = record{}
		g.version++
		return nil
	case toRevoke:
		g.revoke()
		return nil
	case toStore:
		g.doCall(e)
		return nil
	}
	switch {
	case e.life != m.life:
		if e.what == toAnswer {
			g.free = append(g.free, int32(e.arg))
		}
		return nil
	case g.now < m.stopped: // it is stopped: what comes is there when it goes on
		e.at = m.stopped
		g.queue.push(e)
		return nil
	}
	switch e.what {
	case toStart:
		return g.start(int(e.who))
	case toAsk:
		if m.askAt == e.at {
			g.ask(m, core.Need{})
		}
	case toWake:
		if m.wakeAt == e.at {
			m.wakeAt = 0
			g.act(m, m.session.Wake(g.at(m)))
		}
	case toAnswer:
		g.deliver(m, int32(e.arg))
	case toLand:
		if m.flight == e.arg {
			g.land(m)
		}
	case toKill:
		g.kill(m)
	case toTell:
		if m.held != 0 && m.held <= g.revoked && m.waits == 0 {
			m.refused = m.held
			g.ask(m, core.Need{Other: g.print(m.held), Evidence: core.EvidenceStrong})
		}
	}
	return nil
}

// doCall has the store do a call. Its answer comes to the process that made it.
func (g *group) doCall(e event) {
	c := &g.calls[e.arg]
	g.later = 0
	if !g.perform(c) {
		e.at = g.now + g.later
		g.queue.push(e)
		return
	}
	if m := &g.members[e.who]; c.share == core.ShareCampaign && c.answer.won && e.life == m.life {
		g.leads(m)
	}
	g.queue.push(event{at: g.now + g.latency()/2, what: toAnswer, who: e.who, life: e.life, arg: e.arg})
}

func (g *group) latency() int64 {
	e := &g.plan.Engine
	return e.least + g.rng.Int64N(e.most-e.least)
}

// revoke has services refuse all sets until now. Who is told hears it within 2 s.
func (g *group) revoke() {
	g.revoked = len(g.sets) - 1
	who := g.rng.IntN(len(g.members))
	for i := range g.members {
		if g.plan.Told == AllProcesses || i == who {
			g.push(g.now+g.rng.Int64N(2*second*ms), toTell, i, 0)
		}
	}
}
