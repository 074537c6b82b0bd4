package group

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/evercreds/evercreds/core"
)

// began is the wall clock at the beginning of a room.
const began = 1_800_000_000_000

// Room is the group, its store and its source.
type Room struct {
	plan    *Plan
	now     int64
	store   store
	members []member
	sets    []minted // set 0 is none
	revoked int      // sets up to this one were revoked
	givenUp []zombie // calls that the store may still do
	faults  Faults

	flights   int   // that the source was asked for
	extra     int   // of those, while the group had a fresh set
	last      int64 // when a set was fetched last
	calls     int
	adoptions int
	looked    int64      // the step in hand is the answer of a look that was sent then; -1: it is not
	rng       *rand.Rand // of Random
	err       error
}

// minted is a set as the source knows it.
type minted struct{ expiry, called int64 }

// newRoom opens a session in each process.
func newRoom(p *Plan, seed uint64, rng *rand.Rand) (*Room, error) {
	r := &Room{plan: p, rng: rng, faults: p.Faults, sets: make([]minted, 1), last: -1 << 40, looked: -1}
	for i := range p.Members {
		r.members = append(r.members, member{})
		if err := r.begin(i, seed); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// begin starts a process, with an owner of its own.
func (r *Room) begin(i int, seed uint64) error {
	m := &r.members[i]
	owner := m.owner + 1
	if owner == 1 {
		owner = i + 1
	} else {
		owner = m.owner + len(r.members)
	}
	*m = member{owner: owner, heard: -1, wake: core.Never, nextAsk: r.now}
	session, d, err := r.plan.open(i, r.at(i), seed*1000+uint64(owner))
	m.session = session
	r.act(m, d)
	return err
}

// at is the time as a process sees it.
func (r *Room) at(i int) core.Now {
	off := int64(0)
	if i < len(r.plan.Wall) {
		off = r.plan.Wall[i]
	}
	return core.Now{Wall: began + r.now + off, Elapsed: r.now}
}

// clone is a room that goes its own way.
func (r *Room) clone() *Room {
	c := *r
	c.members = slices.Clone(r.members)
	c.sets = slices.Clone(r.sets)
	c.givenUp = slices.Clone(r.givenUp)
	return &c
}

// print is a set's fingerprint. Its high bits differ, as those of a hash do.
func (r *Room) print(set int) uint64 {
	if set == 0 {
		return 0
	}
	return uint64(set) * 0x9e3779b97f4a7c15
}

func (r *Room) alive(owner int) bool {
	return slices.ContainsFunc(r.members, func(m member) bool { return m.owner == owner && !m.dead })
}

func (r *Room) wrong(promise, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: at %d ms, %s", promise, r.now, fmt.Sprintf(format, args...))
	}
}
