// Package world is virtual time: what happens in it, and in which order.
package world

import "container/heap"

// World begins at 0, in milliseconds. Its zero value is ready.
type World struct {
	// Now is the present instant.
	Now   int64
	seq   int64
	queue happenings
}

type happening struct {
	at, seq int64
	do      func()
}

type happenings []happening

func (h happenings) Len() int      { return len(h) }
func (h happenings) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h happenings) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h *happenings) Push(x any) { *h = append(*h, x.(happening)) }
func (h *happenings) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// At has something happen at an instant, or now if that is past; of two at once
// the one that was said first comes first.
func (w *World) At(t int64, do func()) {
	w.seq++
	heap.Push(&w.queue, happening{max(t, w.Now), w.seq, do})
}

// After has something happen after a span.
func (w *World) After(span int64, do func()) { w.At(w.Now+span, do) }

// Run lets everything happen that is due before an instant.
func (w *World) Run(until int64) {
	for len(w.queue) > 0 && w.queue[0].at < until {
		next := heap.Pop(&w.queue).(happening)
		w.Now = next.at
		next.do()
	}
	w.Now = until
}

// Hurry lets the next thing happen now, rather than when it is due.
func (w *World) Hurry() {
	heap.Pop(&w.queue).(happening).do()
}
