package sim

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/evercreds/evercreds/internal/proofs/world"
	"github.com/evercreds/evercreds/internal/trace"
)

// Fleet is many sessions that share one source. Each is a room of its own, whose
// promises are all checked after every event; what is added is what no single room
// has: a source that throttles them together, fails them together, and rejects the
// sets of all of them at once.
type Fleet struct {
	world.World
	plan    Plan
	source  source
	members []*member
	rng     *rand.Rand
	tallies [chapters]Tally
	failed  *member // whose promise was broken
	err     error
}

// Tally is what callers got in one chapter.
type Tally struct {
	Asked, Served int64
	Stale         int64 // with an expired set, under static
	Failed        int64 // with an error
	Rejected      int64 // calls that a service rejected
	Calls, Peak   int64 // of the source; most in a second
}

// Plan is what a fleet is made of. Equal plans make equal fleets.
type Plan struct {
	Sessions int
	Seed     uint64
	// Traced is the session whose history is written down, -1 for none.
	Traced int
	// PerSecond is how many calls the source takes in a second. Default: from a
	// hundredth of the sessions.
	PerSecond int
	// NoJitter and StaysDown are for fleets that must break a promise: sessions that
	// come in step, and a source that does not come back.
	NoJitter, StaysDown bool
}

// NewFleet makes a fleet.
func NewFleet(p Plan) *Fleet {
	f := &Fleet{plan: p, rng: rand.New(rand.NewPCG(p.Seed, 1))}
	if f.plan.PerSecond == 0 {
		f.plan.PerSecond = p.hundredth()
	}
	f.source = source{fleet: f, perSecond: int64(f.plan.PerSecond), calls: make([]int64, chapters*chapter/second)}
	for i := range p.Sessions {
		m := &member{fleet: f, number: i, choose: Seeded(p.Seed<<32 + uint64(i))}
		if i == p.Traced {
			m.trace = &recorder{taken: map[int]int{}, last: -1}
		}
		f.members = append(f.members, m)
		begin := f.rng.Int64N(5 * minute)
		if m.deployed() {
			begin = second
		}
		f.At(begin, m.begin)
	}
	return f
}

// Run lets the fleet live, and returns the first broken promise. That of a single
// session comes with its history as a scenario.
func (f *Fleet) Run() error {
	for _, m := range f.members {
		f.At(restarting*chapter+f.rng.Int64N(chapter/2), func() { m.happens(m.restarts) })
	}
	f.World.Run(chapters * chapter)
	for i := range f.tallies {
		f.tallies[i].Calls, f.tallies[i].Peak = f.source.busiest(int64(i))
	}
	if f.err == nil {
		f.err = f.spread()
	}
	return f.err
}

func (p Plan) hundredth() int { return max(3, p.Sessions/100) }

// spread: sessions that started together, and whose source was down for all of them,
// do not come together again: no second has the calls of more than a hundredth of
// them, but for chance.
func (f *Fleet) spread() error {
	for _, i := range []int{inWindows, back, unthrottled, healed, quiet} {
		usual := float64(f.plan.hundredth())
		if most := usual + 6*math.Sqrt(usual); float64(f.tallies[i].Peak) > most {
			return fmt.Errorf("fleet: %d calls in one second, while: %s", f.tallies[i].Peak, story[i])
		}
	}
	return nil
}

// Broken is the number of the session whose promise was broken, -1 for none.
func (f *Fleet) Broken() int {
	if f.failed == nil {
		return -1
	}
	return f.failed.number
}

// Scenario is the history of the session that was traced, for core/testdata.
func (f *Fleet) Scenario() (string, error) {
	events, err := f.members[f.plan.Traced].trace.scenario()
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = trace.Replay(strings.NewReader(events), &out, &trace.Native{})
	return out.String(), err
}

// Chapters tells what happened, and what callers got meanwhile.
func (f *Fleet) Chapters() (names []string, tallies []Tally) { return story[:], f.tallies[:] }

// Calls counts the calls of the source by how they ended.
func (f *Fleet) Calls() (issued, throttled, failed int64) {
	return f.source.issued, f.source.throttled, f.source.failed
}

// Events counts what the sessions were told; the promises are checked after each.
func (f *Fleet) Events() (n int64) {
	for _, m := range f.members {
		if m.Room != nil {
			n += int64(m.log.count)
		}
	}
	return n
}
