package main

import "container/heap"

// Times are milliseconds. True time begins at 0; the hosts' and the service's
// clocks show it from here on.
const (
	second = int64(1000)
	minute = 60 * second
	hour   = 60 * minute
	epoch  = int64(1_800_000_000_000)
)

// world is true time, and what happens in it.
type world struct {
	now   int64
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

// at has something happen at an instant; of two at once the first that was said.
func (w *world) at(t int64, do func()) {
	w.seq++
	heap.Push(&w.queue, happening{max(t, w.now), w.seq, do})
}

func (w *world) after(d int64, do func()) { w.at(w.now+d, do) }

// run lets everything happen that is due before an instant.
func (w *world) run(until int64) {
	for len(w.queue) > 0 && w.queue[0].at < until {
		next := heap.Pop(&w.queue).(happening)
		w.now = next.at
		next.do()
	}
	w.now = until
}
