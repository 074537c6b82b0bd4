package group

import "github.com/evercreds/evercreds/core"

// lie is an answer of a store that says what it likes. An entry is sealed: it is a set
// that was published once, or none. All that stands beside it may be anything.
func (r *Room) lie(c *call) answer {
	draw := func(from ...int64) int64 { return from[r.rng.IntN(len(from))] }
	rec := record{number: draw(0, 1, 7, r.now, 1<<40, core.Never-1), notice: draw(0, 0, 17, 18, 19, 16*1000+2, 99)}
	clock := draw(0, r.now, -1<<40, 1<<40)
	rec.noticeEnd = clock + draw(0, 1, 5000, 1<<40)
	if set := r.rng.IntN(len(r.sets)); set != 0 && r.rng.IntN(3) == 0 {
		rec.entry = entry{set: set, ends: clock + draw(0, 1, -1<<40, r.sets[set].expiry-r.now, 1<<40), generation: draw(0, 1, 1<<40)}
	}
	left := draw(0, 0, 1, 5, r.plan.Turn, 1<<40, core.Never)
	return answer{record: rec, left: left, won: r.rng.IntN(2) == 0, clock: clock, failed: r.rng.IntN(20) == 0}
}
