package fleet

import "github.com/evercreds/evercreds/core"

// record is what a store keeps of a key. Instants are on the store's clock.
type record struct {
	set        int // 0: no entry
	ends       int64
	generation int64
	replaces   uint64
	number     int64 // of the turn
	owner      int64 // 0: no turn
	end        int64
	notice     int64
	noticeEnd  int64
}

// call is a call of the store under way.
type call struct {
	share  core.Share
	number int64 // as the session numbered it
	owner  int64
	sent   int64 // in microseconds
	seen   int64
	saw    saw
	entry  record // to publish: set, ends, generation and replaces
	notice int64
	span   int64

	began   bool // optimistic: it has read
	version int64
	tries   int
	answer  answer
}

// saw is what a campaign must still find.
type saw struct {
	number int64
	set    int
}

// answer is what a call brings.
type answer struct {
	failed bool
	won    bool
	found  record
	left   int64 // of the turn of another
	clock  int64 // as the host can read it, for the end of an entry
	late   int64 // the latest that the clock may show, for what is left of an entry
}

// storeOff is how far the store's clock is from the source's.
const storeOff = 37 * second

// clocks are the earliest and the latest that the store's clock may show, as its host
// can read it: where it has whole seconds, each errs to its own side.
func (g *group) clocks() (early, late int64) {
	c := g.now/ms + storeOff
	if g.plan.Engine.seconds {
		c -= c % second
		return c, c + second - 1
	}
	return c, c
}

// perform has the store do a call. A false says that it is not done yet.
func (g *group) perform(c *call) bool {
	g.tally.store(g.now)
	if g.plan.down(g.now / ms) {
		c.answer = answer{failed: true}
		return true
	}
	if !g.mayWrite(c) {
		return c.answer.failed
	}
	early, late := g.clocks()
	r := g.record
	c.answer = answer{won: true}
	switch c.share {
	case core.ShareLook:
		if r.owner != 0 && r.owner != c.owner {
			c.answer.left = max(0, r.end-early)
		}
	case core.ShareCampaign:
		g.campaign(c, &r, early, late)
	case core.SharePublish:
		c.answer.won = g.publish(c, &r)
	case core.ShareResign:
		if r.owner == c.owner && r.number <= c.seen {
			r.owner, r.end = 0, 0
			if r.notice, r.noticeEnd = c.notice, late+c.span; c.notice == 0 {
				r.noticeEnd = 0
			}
		}
	}
	if r != g.record {
		g.record = r
		g.version++
	}
	c.answer.found, c.answer.clock, c.answer.late = r, early, late
	return true
}

// mayWrite does what an engine does before it writes. It is false where the call goes on
// later, or has failed.
func (g *group) mayWrite(c *call) bool {
	e := &g.plan.Engine
	switch {
	case c.share == core.ShareLook:
		return true
	case e.guard && g.now < g.guarded: // another has the lock: tried again in 5 ms
		g.retry(c, 5*ms)
		return false
	case e.guard:
		g.guarded = g.now + 100 + g.rng.Int64N(400)
	case e.optimistic && !c.began:
		c.began, c.version = true, g.version
		g.retry(c, g.latency())
		return false
	case e.optimistic && c.version != g.version: // another has written: read again
		c.began = false
		c.tries++
		if c.tries > 2 {
			c.answer = answer{failed: true}
			return false
		}
		g.retry(c, g.latency())
		return false
	}
	return true
}

// retry has the store go on with a call later; a call that would take longer than it may
// has failed.
func (g *group) retry(c *call, after int64) {
	if g.now+after > c.sent+g.plan.Engine.call*ms {
		c.answer = answer{failed: true}
		return
	}
	g.later = after
}

func (g *group) campaign(c *call, r *record, early, late int64) {
	running := r.owner != 0 && r.end > early
	switch {
	case running && r.owner != c.owner:
		c.answer.won, c.answer.left = false, r.end-early
		return
	case !running && (saw{r.number, r.set}) != c.saw:
		c.answer.won = false
		return
	case !running:
		r.number, r.owner = max(r.number, c.seen)+1, c.owner
	}
	r.end = late + c.span
}

// publish stores an entry by the write rule, and ends the caller's turn.
func (g *group) publish(c *call, r *record) bool {
	e, later := c.entry, g.sets[c.entry.set].expiry > g.sets[r.set].expiry
	replaced := r.set != 0 && e.replaces == g.print(r.set)
	same := e.set == r.set && e.generation == r.generation
	stored := r.set == 0 || same || e.generation >= r.generation && (later || replaced)
	if stored {
		if r.set != 0 && !same && !later && !replaced {
			g.tally.RolledBack++
		}
		r.set, r.ends, r.generation, r.replaces = e.set, e.ends, max(e.generation, r.generation), e.replaces
		r.notice, r.noticeEnd = 0, 0
		g.killed = false
	}
	if r.owner == c.owner && r.number <= c.seen {
		r.owner, r.end = 0, 0
	}
	return stored
}

// found is a record as a host tells it.
func (g *group) found(a *answer) core.Found {
	r := &a.found
	f := core.Found{Turn: r.number, TurnLeft: a.left, Notice: r.notice, NoticeLeft: max(0, r.noticeEnd-a.clock)}
	if r.set == 0 {
		return f
	}
	f.Expiry, f.Fingerprint, f.Life = began+g.sets[r.set].expiry, g.print(r.set), g.plan.Life
	f.Generation, f.Replaces, f.Left = r.generation, r.replaces, core.Never
	if r.ends != 0 {
		f.Left = r.ends - a.late
	}
	return f
}
