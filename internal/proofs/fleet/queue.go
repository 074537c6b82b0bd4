package fleet

// event is something that happens to a process, or in a group's store.
type event struct {
	at   int64 // in microseconds
	seq  int64
	what what
	who  int32
	life int32 // of the process; one that died hears nothing more
	arg  int64
}

type what uint8

const (
	toStart what = iota
	toAsk
	toWake
	toStore  // the store does a call
	toAnswer // its answer is there
	toLand   // the source's reply is there
	toKill
	toTell // a service refuses the set
	toFlush
	toRevoke
)

// queue has the events of one group in their order. Of two at once the one that was
// said first comes first.
type queue struct {
	heap []event
	seq  int64
}

func (a *event) before(b *event) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

func (q *queue) push(e event) {
	q.seq++
	e.seq = q.seq
	q.heap = append(q.heap, e)
	h := q.heap
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !h[i].before(&h[up]) {
			break
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

func (q *queue) pop() event {
	h := q.heap
	first := h[0]
	last := len(h) - 1
	h[0] = h[last]
	q.heap = h[:last]
	h = q.heap
	for i := 0; ; {
		next := 2*i + 1
		if next >= len(h) {
			break
		}
		if next+1 < len(h) && h[next+1].before(&h[next]) {
			next++
		}
		if !h[next].before(&h[i]) {
			break
		}
		h[i], h[next] = h[next], h[i]
		i = next
	}
	return first
}
