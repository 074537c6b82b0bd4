package group

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// Rooms are entered once that no later step can tell apart. A search that enters each room
// whose bytes differ at all comes to no other ones, and no fewer; and wherever it meets one
// again in other bytes, the same may happen next, with the same to follow.
func TestRoomsAreTheSame(t *testing.T) {
	with := func(p Plan, horizon int64, change func(*Plan)) Plan {
		p.Horizon = horizon
		change(&p)
		return p
	}
	exclusive := func(p *Plan) { p.Exclusive = true }
	for _, p := range []named{
		{"healthy", with(small(3, Faults{}), 1500, func(*Plan) {})},
		{"two refreshes", with(small(2, Faults{}), 25_000, func(*Plan) {})},
		{"crash and pause", with(small(2, Faults{Crash: 1, Pause: 1}), 1000, func(*Plan) {})},
		{"a pause and a call done late", with(small(2, Faults{Pause: 1, Late: 1}), 1000, func(*Plan) {})},
		{"answer lost, stale replica", with(small(2, Faults{Lost: 1, Stale: 1}), 1500, func(*Plan) {})},
		{"failover to another clock", with(small(2, Faults{Failover: 1, Down: 1}), 1500, func(p *Plan) { p.Jump = -8000 })},
		{"wrong wall clocks", with(small(2, Faults{Pause: 1, Tamper: 1}), 2000, func(p *Plan) { p.Wall = []int64{-8000, 8000} })},
		{"revocation", with(small(2, Faults{Revoke: 1}), 3000, func(*Plan) {})},
		{"the source fails and hangs", with(small(2, Faults{SourceFails: 1, Hang: 1}), 1500, func(*Plan) {})},
		{"flush and a forged turn", with(small(2, Faults{Flush: 1, Forge: 1}), 1500, func(*Plan) {})},
		{"exclusive, crash", with(small(3, Faults{Crash: 1}), 600, exclusive)},
		{"exclusive, pause", with(small(2, Faults{Pause: 1}), 3000, exclusive)},
		{"exclusive, a long wait", with(small(2, Faults{Pause: 1}), 8000, func(p *Plan) { p.Exclusive, p.Turn, p.Poll = true, 5000, 2000 })},
		{"exclusive, two refreshes", with(small(2, Faults{}), 25_000, exclusive)},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			var bytes, all prints
			e := explorer{seed: maphash.MakeSeed()}
			follow := map[uint64]string{}
			whole, err := search(&p.Plan, 2_000_000, func(r *Room) bool {
				if !bytes.add(e.bytes(r)) {
					return false
				}
				same, next := e.print(r), e.next(r)
				if before, met := follow[same]; met && before != next {
					t.Errorf("a room at %d ms, met before in other bytes, has %s, before %s", r.now, next, before)
				}
				all.add(same)
				follow[same] = next
				return !t.Failed()
			})
			if err != nil || !whole.Complete {
				t.Fatalf("%v, %+v", err, whole)
			}
			few, err := search(&p.Plan, 2_000_000, func(r *Room) bool { return e.seen.add(e.print(r)) })
			t.Logf("%d rooms by their bytes, %d in all, %d entered", bytes.n, all.n, e.seen.n)
			if err != nil || !few.Complete || all.n != e.seen.n || (whole.Violation == nil) != (few.Violation == nil) || whole.Flights != few.Flights {
				t.Errorf("%v; by bytes %d rooms, %+v; entered %d, %+v", err, all.n, whole, e.seen.n, few)
			}
			if e.seen.n >= bytes.n {
				t.Errorf("%d of %d rooms are entered: none are the same", e.seen.n, bytes.n)
			}
		})
	}
}

// next is all that may happen next, and what each leads to.
func (e *explorer) next(r *Room) string {
	var all []string
	for _, a := range r.Actions() {
		to := r.clone()
		err := to.Do(a)
		all = append(all, fmt.Sprintf("%s: %x %v", names[a.what], e.print(to), err != nil))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "; ")
}

// bytes is a fingerprint of all that a room has.
func (e *explorer) bytes(r *Room) uint64 {
	e.buffer = add(e.buffer[:0], unsafe.Pointer(&r.store), storeSpans)
	for i := range r.members {
		e.buffer = add(e.buffer, unsafe.Pointer(&r.members[i]), memberSpans)
	}
	for i := range r.givenUp {
		e.buffer = add(e.buffer, unsafe.Pointer(&r.givenUp[i]), zombieSpans)
	}
	for _, s := range r.sets {
		e.number(s.expiry, s.called)
	}
	e.faults(r)
	e.number(r.now, int64(r.revoked), r.last, int64(len(r.givenUp)), int64(len(r.sets)))
	return maphash.Bytes(e.seed, e.buffer)
}
