package evercreds

import "sync"

// kept bounds how far a slow hook or log handler may lag behind.
const kept = 1024

// queue calls a function of the user's with what one session has to tell. Nothing of
// the session's waits for that function. The goroutine lives only while there is
// something to tell, so that an idle session has none.
type queue[T any] struct {
	call func(told T, missed int) // missed: how many before this one were left out

	mu      sync.Mutex
	waiting []T
	missed  int
	running bool
	stopped bool
	ended   chan struct{} // of the run: closed when all has been told
}

func newQueue[T any](call func(T, int)) *queue[T] { return &queue[T]{call: call} }

// push never waits. What is too much for a slow function goes from the front: the
// newest tells the state.
func (q *queue[T]) push(told T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopped {
		return
	}
	if len(q.waiting) == kept {
		q.missed++
		q.waiting = q.waiting[1:]
	}
	q.waiting = append(q.waiting, told)
	if !q.running {
		q.running, q.ended = true, make(chan struct{})
		go q.run()
	}
}

// stop has nothing more be told than what is there.
func (q *queue[T]) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
}

// idle is closed when all that is there has been told.
func (q *queue[T]) idle() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.running {
		done := make(chan struct{})
		close(done)
		return done
	}
	return q.ended
}

// next takes what is to be told now, if there is something.
func (q *queue[T]) next() (told T, missed int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.running, q.waiting = false, nil
		close(q.ended)
		return told, 0, false
	}
	told, missed = q.waiting[0], q.missed
	q.waiting, q.missed = q.waiting[1:], 0
	return told, missed, true
}

func (q *queue[T]) run() {
	returned := false
	defer func() {
		if !returned {
			go q.run() // the function ended the goroutine (runtime.Goexit), not the queue
		}
	}()
	for {
		told, missed, ok := q.next()
		if !ok {
			returned = true
			return
		}
		q.call(told, missed)
	}
}
