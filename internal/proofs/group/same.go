package group

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"unsafe"
)

// Every enters one room for all those that no later step can tell apart. That leaves nothing
// out: two rooms with one print have the same next steps, each of these leads to rooms with
// one print again, and breaks the same promises. What a print leaves out, cuts or renames has
// its reason beside it, here and in plain.go. Processes that began alike may change places:
// the names of owners are compared, never ordered. TestRoomsAreTheSame holds all of it: a
// search that enters every room whose bytes differ comes to the same prints, one by one.

// plainStore is the store as later calls see it.
func (r *Room) plainStore() store {
	s, p := r.store, r.plan
	if p.Faults.Failover == 0 && p.Faults.Stale == 0 {
		s.before = record{} // nothing brings it back
	}
	if p.Jump == 0 {
		forgetPast(&s.end, s.clock(r.now))
		forgetPast(&s.noticeEnd, s.clock(r.now))
	}
	return s
}

// explorer knows the rooms that were entered.
type explorer struct {
	seed   maphash.Seed
	seen   prints
	buffer []byte
	keys   []uint64
}

// symmetric tells whether processes are alike at the beginning: then rooms that differ in
// who is who alone are one. Calls that were given up would have to be sorted too.
func (p *Plan) symmetric() bool {
	return p.Wall == nil && !p.Eager && !p.Inline && p.Faults.Late == 0
}

// print is the fingerprint of a room. Each process has one, with what the store has of it;
// where processes are alike, they stand in the order of these.
func (e *explorer) print(r *Room) uint64 {
	s := r.plainStore()
	e.keys = e.keys[:0]
	var used uses
	used.of(s.entry.set, s.before.entry.set)
	for i := range r.members {
		m := r.plain(r.members[i])
		owner := r.members[i].owner
		used.by(&m)
		e.buffer = append(add(e.buffer[:0], unsafe.Pointer(&m), memberSpans), mark(s.owner == owner), mark(s.before.owner == owner))
		e.keys = append(e.keys, maphash.Bytes(e.seed, e.buffer))
	}
	if r.plan.symmetric() {
		slices.Sort(e.keys)
	}
	s.owner, s.before.owner = min(s.owner, 1), min(s.before.owner, 1) // whose it is, their keys say
	e.buffer = add(e.buffer[:0], unsafe.Pointer(&s), storeSpans)
	for _, k := range e.keys {
		e.number(int64(k))
	}
	for _, z := range r.givenUp {
		used.of(z.call.entry.set, z.saw.entry.set)
	}
	for i, set := range r.sets {
		if i >= len(used) || used[i] {
			e.number(set.expiry, set.called)
		} else {
			e.number(0, 0)
		}
	}
	for i := range r.givenUp {
		e.buffer = add(e.buffer, unsafe.Pointer(&r.givenUp[i]), zombieSpans)
	}
	e.faults(r)
	last := r.last
	if !r.plan.healthy() {
		last = 0 // flights that were one too many are wrong in a healthy group alone
	}
	e.number(r.now, int64(r.revoked), last, int64(len(r.givenUp)))
	return maphash.Bytes(e.seed, e.buffer)
}

func (e *explorer) faults(r *Room) {
	f := r.faults
	for _, n := range []int{f.Crash, f.Pause, f.Down, f.Lost, f.Failover, f.Flush, f.Tamper, f.Stale, f.Revoke, f.SourceFails, f.Hang, f.Forge, f.Late} {
		e.number(int64(n))
	}
}

func (e *explorer) number(numbers ...int64) {
	for _, n := range numbers {
		e.buffer = binary.LittleEndian.AppendUint64(e.buffer, uint64(n))
	}
}

func mark(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// uses tell of each set whether anybody has it still. Those that do not fit are in use.
type uses [32]bool

func (u *uses) of(sets ...int) {
	for _, set := range sets {
		if set < len(u) {
			u[set] = true
		}
	}
}

func (u *uses) by(m *member) {
	u.of(m.held, m.fetched, m.saw.entry.set)
	u.of(m.given[:]...)
	for i := range m.calls {
		u.of(m.calls[i].entry.set, m.calls[i].answer.entry.set)
	}
}
