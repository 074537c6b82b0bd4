package fleet

import "math/rand/v2"

// The window of botocore 1.x (DEFAULT_EXPIRY_WINDOW_SECONDS), within which a set in the file counts as expired.
const cacheWindow = 15 * minute

// cached is a process with botocore's JSONFileCache. Under the lock of its own session it
// takes the file's set, or where that is missing or nears its expiry calls for itself.
// What it gets it writes into the file, over whatever is there.
type cached struct {
	off    int64
	expiry int64 // of its set; 0: none
	flying bool
	since  int64 // a request waits since then
	cold   bool
}

// runCache plays one key whose processes share a file: all of them are on one machine,
// which is the best that such a file can do.
func runCache(p *Plan, key, processes int) *Tally {
	rng := rand.New(rand.NewPCG(p.Seed, uint64(key)))
	g := &group{plan: p, rng: rng, tally: newTally(p), members: make([]member, processes), died: -1}
	all := make([]cached, processes)
	file := int64(0) // the expiry of its set
	for i := range all {
		all[i].cold = true
		if p.Skewed {
			all[i].off = []int64{-2 * minute, 0, 0, 0, 90 * second}[rng.IntN(5)]
		}
		g.push(rng.Int64N(second*ms), toAsk, i, 0)
	}
	for !g.over {
		e := g.queue.pop()
		g.now = e.at
		c := &all[e.who]
		left := func(expiry int64) int64 { return expiry - g.now/ms - c.off }
		switch {
		case e.what == toLand:
			c.expiry, file, c.flying = e.arg, e.arg, false
		case left(c.expiry) >= cacheWindow && c.expiry != 0: // a request within the set's good time
		case left(file) >= cacheWindow && file != 0:
			c.expiry = file
			g.tally.Adopted++
		default:
			g.sets = append(g.sets, minted{})
			g.called(&g.members[e.who])
			c.flying, c.since = true, g.now
			takes := (p.SourceLeast + rng.Int64N(p.SourceMost-p.SourceLeast+1)) * ms
			g.push(g.now+takes, toLand, int(e.who), g.now/ms+p.Life)
			continue
		}
		if e.what == toLand {
			waited := (g.now - c.since) / ms
			g.tally.Waited++
			g.tally.LongestWait = max(g.tally.LongestWait, waited)
			if c.cold {
				g.tally.leaders = append(g.tally.leaders, waited)
			}
		}
		c.cold = false
		next := (c.expiry - cacheWindow - c.off + 1) * ms // until then its requests need nothing
		g.push(max(next, g.now)+rng.Int64N(2*p.Pause*ms), toAsk, int(e.who), 0)
	}
	g.tally.Refreshes = int64(g.round)
	return g.tally
}
