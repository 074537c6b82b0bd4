package group

import (
	"fmt"
	"hash/maphash"
	"strings"
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
	e := explorer{seed: maphash.MakeSeed()}
	return search(p, most, func(r *Room) bool { return e.seen.add(e.print(r)) })
}

// search takes all choices in the rooms that are to be entered.
func search(p *Plan, most int, enter func(*Room) bool) (Search, error) {
	first, err := newRoom(p, 1, nil)
	if err != nil {
		return Search{}, err
	}
	result := Search{Complete: true}
	stack := []frame{{room: first, next: first.Actions()}}
	enter(first)
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
		if !enter(room) {
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
