package group

import (
	"fmt"
	"hash/maphash"
	"reflect"
	"strings"
	"unsafe"

	"github.com/evercreds/evercreds/core"
)

// Search is what taking all choices has come to.
type Search struct {
	States    int
	Complete  bool
	Flights   int // the most that were made
	Extra     int
	Violation error // with the steps that lead to it
}

// frame is a room, and the steps that were chosen there.
type frame struct {
	room  *Room
	next  []Action
	taken int
}

// Every takes all choices in all orders, up to so many states. Rooms that are the same
// are entered once.
func Every(p *Plan, most int) (Search, error) {
	first, err := newRoom(p, 1, nil)
	if err != nil {
		return Search{}, err
	}
	e := explorer{seed: maphash.MakeSeed(), seen: map[uint64]struct{}{}}
	result := Search{Complete: true}
	stack := []frame{{room: first, next: first.Actions()}}
	e.enter(first)
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.taken == len(top.next) {
			stack = stack[:len(stack)-1]
			continue
		}
		a := top.next[top.taken]
		top.taken++
		room := top.room.clone()
		if err := room.Do(a); err != nil {
			result.Violation = fmt.Errorf("%w\n%s", err, story(stack))
			return result, nil
		}
		if !e.enter(room) {
			continue
		}
		result.States++
		result.Flights, result.Extra = max(result.Flights, room.flights), max(result.Extra, room.extra)
		if result.States >= most {
			result.Complete = false
			return result, nil
		}
		stack = append(stack, frame{room: room, next: room.Actions()})
	}
	return result, nil
}

// story is how a room was come to.
func story(stack []frame) string {
	var b strings.Builder
	for i := range stack {
		f := &stack[i]
		fmt.Fprintln(&b, f.room.say(f.next[f.taken-1]))
	}
	return b.String()
}

// explorer knows the rooms that were entered, by a hash of 64 bits.
type explorer struct {
	seed maphash.Seed
	seen map[uint64]struct{}
}

// blank are the fields of a session that no later answer comes from: the last decision,
// and what is only counted.
var blank = func() (fields []reflect.StructField) {
	session := reflect.TypeFor[core.Session]()
	for _, path := range [][]string{{"out"}, {"share", "counts"}} {
		field, in := reflect.StructField{}, session
		at := uintptr(0)
		for _, name := range path {
			field, _ = in.FieldByName(name)
			at, in = at+field.Offset, field.Type
		}
		field.Offset = at
		fields = append(fields, field)
	}
	return fields
}()

// plain is a member without what no later step looks at, so that rooms which differ in
// that alone are one.
func (m member) plain(healthy bool) member {
	if m.dead {
		return member{dead: true}
	}
	for _, f := range blank {
		clear(bytesOf(unsafe.Add(unsafe.Pointer(&m.session), f.Offset), f.Type.Size()))
	}
	m.kept[0], m.kept[1], m.kept[2] = kept{m.ticket, m.held}, kept{}, kept{}
	if m.flight == 0 {
		m.landing, m.fetched = 0, 0
	}
	if m.waits == 0 {
		m.since = 0
	}
	if m.under == 0 {
		m.began, m.turn, m.undone = 0, 0, false
	}
	if m.calls == [2]call{} && m.session.Status(core.StatusFlight, core.Now{}) == 0 {
		m.saw, m.clock, m.heard = record{}, 0, -1
	}
	if !healthy {
		m.asks, m.asked = 0, 0
	}

	return m
}

// enter tells whether a room is new.
func (e *explorer) enter(r *Room) bool {
	var h maphash.Hash
	h.SetSeed(e.seed)
	for i := range r.members {
		m := r.members[i].plain(r.plan.healthy())
		_, _ = h.Write(bytesOf(unsafe.Pointer(&m), unsafe.Sizeof(m)))
	}
	for _, s := range r.sets {
		_, _ = h.Write(bytesOf(unsafe.Pointer(&s), unsafe.Sizeof(s)))
	}
	for _, z := range r.givenUp {
		_, _ = h.Write(bytesOf(unsafe.Pointer(&z), unsafe.Sizeof(z)))
	}
	_, _ = h.Write(bytesOf(unsafe.Pointer(&r.store), unsafe.Sizeof(r.store)))
	_, _ = h.Write(bytesOf(unsafe.Pointer(&r.faults), unsafe.Sizeof(r.faults)))
	maphash.WriteComparable(&h, [4]int64{r.now, int64(r.revoked), r.last, int64(len(r.givenUp))})
	sum := h.Sum64()
	if _, old := e.seen[sum]; old {
		return false
	}
	e.seen[sum] = struct{}{}
	return true
}

// bytesOf is a value as it lies in memory. Padding may differ between equal values: such
// a room is entered twice, which costs time and loses nothing.
func bytesOf(p unsafe.Pointer, size uintptr) []byte { return unsafe.Slice((*byte)(p), size) }
