package evercreds

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// eventsKept bounds how far a slow hook may lag behind.
const eventsKept = 1024

// hookQueue calls a function of the user's with the events of one session. Its
// goroutine lives only while there are events, so that an idle session has none.
type hookQueue struct {
	call func(Event)
	log  *slog.Logger

	mu      sync.Mutex
	waiting []Event
	missed  int
	running bool
	closed  bool
	ended   chan struct{} // closed when the last event has been told
}

func newHookQueue(call func(Event), log *slog.Logger) *hookQueue {
	if call == nil {
		return nil
	}
	return &hookQueue{call: call, log: log, ended: make(chan struct{})}
}

// push takes an event, and never waits. What is too much for a slow hook goes
// from the front: the newest events tell the state.
func (q *hookQueue) push(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	q.closed = e.Kind == EventClose
	if len(q.waiting) == eventsKept {
		q.missed++
		q.waiting = q.waiting[1:]
	}
	q.waiting = append(q.waiting, e)
	if !q.running {
		q.running = true
		go q.run()
	}
}

// next takes the event that is to be told now, if there is one.
func (q *hookQueue) next() (Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.running, q.waiting = false, nil
		if q.closed {
			close(q.ended)
		}
		return Event{}, false
	}
	e := q.waiting[0]
	q.waiting = q.waiting[1:]
	e.Missed, q.missed = q.missed, 0
	return e, true
}

func (q *hookQueue) run() {
	returned := false
	defer func() {
		if !returned {
			go q.run() // the hook ended the goroutine (runtime.Goexit), not the events
		}
	}()
	for {
		e, ok := q.next()
		if !ok {
			returned = true
			return
		}
		q.tell(e)
	}
}

// tell names only the type of a panic: its value may hold anything.
func (q *hookQueue) tell(e Event) {
	defer func() {
		if p := recover(); p != nil && q.log != nil {
			q.log.LogAttrs(context.Background(), slog.LevelError, "evercreds: the hook of WithEvents panicked",
				slog.String("event", string(e.Kind)), slog.String("panic", fmt.Sprintf("%T", p)))
		}
	}()
	q.call(e)
}
