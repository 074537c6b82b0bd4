// Package waits knows which attempts wait for which others. An attempt that waits for
// itself, directly or through other sessions, gets its error at once, not at its
// time-out.
package waits

import (
	"context"
	"sync"
)

// Owner marks the attempts of one session. It leads nowhere: errors keep the contexts of
// requests, and those must not lead to what a session holds.
type Owner struct{ _ byte }

// Attempt is one call of a source, of any session of this process.
type Attempt struct {
	owner *Owner
	over  bool
	on    map[*Attempt]int // how many of its calls wait for which other
}

// mu guards all attempts. Only calls from within a source take it, and those that
// begin and end one.
var mu sync.Mutex

type key struct{}

// New makes an attempt, which others may wait for before it has begun.
func New(owner *Owner) *Attempt { return &Attempt{owner: owner, on: map[*Attempt]int{}} }

// In makes the context that its source runs in.
func (a *Attempt) In(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, a) }

// End says that the source has returned. Code that still has the context of the attempt
// is a caller like any other.
func (a *Attempt) End() {
	mu.Lock()
	defer mu.Unlock()
	a.over = true
}

// of returns the attempt that a context is part of. The context may be the user's own,
// so it is asked without the lock.
func of(ctx context.Context) *Attempt {
	a, _ := ctx.Value(key{}).(*Attempt)
	return a
}

// Within tells whether a context is part of an attempt of this owner's that is under
// way.
func Within(ctx context.Context, owner *Owner) bool {
	own := of(ctx)
	if own == nil { // as for all callers but sources
		return false
	}
	mu.Lock()
	defer mu.Unlock()
	return !own.over && own.owner == owner
}

// Begin notes that the attempt which ctx is part of, if it is under way, waits for
// another one until end is called. It refuses if that other one waits for it.
func Begin(ctx context.Context, other *Attempt) (end func(), ok bool) {
	own := of(ctx)
	if own == nil || other == nil {
		return func() {}, true
	}
	mu.Lock()
	defer mu.Unlock()
	if own.over {
		return func() {}, true
	}
	if other.leadsTo(own, map[*Attempt]bool{}) {
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

func (a *Attempt) leadsTo(to *Attempt, seen map[*Attempt]bool) bool {
	if a == to {
		return true
	}
	seen[a] = true
	for next := range a.on {
		if !seen[next] && next.leadsTo(to, seen) {
			return true
		}
	}
	return false
}
