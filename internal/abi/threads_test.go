//go:build go1.25

package abi

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/evercreds/evercreds/core"
)

// counting completes every flight inside itself, on whatever thread that is.
type counting struct {
	library *Library
	begun   atomic.Int64
}

func (c *counting) RefreshBegin(session int32, ticket int64, _, _ int32) {
	c.begun.Add(1)
	var d core.Decision
	c.library.Complete(session, ticket, wall0, 0, wall0+hour, uint64(ticket), 0, 0, &d)
}

func (c *counting) RefreshCancel(int32, int64) {}

// Many threads on one session: one flight, and everybody is served by it.
func TestThreadsShareASession(t *testing.T) {
	host := &counting{}
	l, s := open(t, host)
	host.library = l
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 200 {
				var d core.Decision
				if l.Ask(s, wall0, 0, 0, 0, 0, 0, &d); d.Kind == core.Refresh || d.Kind == core.Wait {
					l.Answer(s, d.Ticket, wall0, 0, 0, 0, 0, 0, 0, &d)
				}
				if d.Kind != core.Serve && d.Kind != core.Wait {
					t.Errorf("kind %d", d.Kind)
					return
				}
			}
		})
	}
	wg.Wait()
	want(t, "flights", host.begun.Load(), 1)
}

// Handles that are freed while others use them: refused or served, never mixed.
func TestThreadsFreeHandlesInUse(t *testing.T) {
	l := New(silent{})
	var current atomic.Int32
	current.Store(openIn(t, l))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				var d core.Decision
				if got := l.Ask(current.Load(), wall0, 0, 0, 0, 0, 0, &d); got != 0 && got != ErrHandle && got != ErrState {
					t.Errorf("ask: %d", got)
				}
			}
		})
	}
	for range 500 {
		s := l.SessionNew()
		var d core.Decision
		if l.SessionOpen(s, wall0, 0, 1, &d) != 0 {
			t.Error("open")
		}
		if got := l.SessionFree(current.Swap(s)); got != 0 {
			t.Errorf("free: %d", got)
		}
	}
	wg.Wait()
}
