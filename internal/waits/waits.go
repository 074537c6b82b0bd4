// Package waits knows which refreshes wait for which others, so that one that waits
// for itself, directly or through other sessions, is told at once and not at its
// time-out.
package waits

import (
	"context"
	"sync"
)

// Flight is one refresh under way, of any session of this process.
type Flight struct {
	on map[*Flight]int // how many of its calls wait for which other
}

// mu guards the waits of all flights. Only calls from within a source take it.
var mu sync.Mutex

type key struct{}

// New gives a flight and the context that its source runs in.
func New(ctx context.Context) (context.Context, *Flight) {
	f := &Flight{on: map[*Flight]int{}}
	return context.WithValue(ctx, key{}, f), f
}

// Begin notes that ctx's flight, if it is of one, waits for another until end is
// called. It refuses where that other waits for it.
func Begin(ctx context.Context, other *Flight) (end func(), ok bool) {
	own, inFlight := ctx.Value(key{}).(*Flight)
	if !inFlight || other == nil {
		return func() {}, true
	}
	mu.Lock()
	defer mu.Unlock()
	if other.leadsTo(own, map[*Flight]bool{}) {
		return nil, false
	}
	own.on[other]++
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if own.on[other]--; own.on[other] == 0 {
			delete(own.on, other)
		}
	}, true
}

func (f *Flight) leadsTo(to *Flight, seen map[*Flight]bool) bool {
	if f == to {
		return true
	}
	seen[f] = true
	for next := range f.on {
		if !seen[next] && next.leadsTo(to, seen) {
			return true
		}
	}
	return false
}
