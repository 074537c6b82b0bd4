package abi

import "github.com/evercreds/evercreds/core"

// A handle is an index into the table (low 16 bits) and a generation (the 15 bits
// above). So a freed handle is refused for a long time after another took its place.
const (
	indexBits     = 16
	mostHandles   = 1 << indexBits
	mostGenerated = 1<<(31-indexBits) - 1

	// leastFree places rest before the first of them is used again: with that,
	// a freed handle's number comes back after 2 million others at the soonest.
	leastFree = 64
)

// entry is one place of the table.
type entry struct {
	lock     lock // held while the core works, never while a host function runs
	handle   int32
	session  *core.Session // nil: the place is free
	opened   bool
	poisoned bool

	next int32 // of a free place: the index of the one that came free after it
}

// handles is the table. Places are never given back to the heap: a lock that a
// second thread waits for must stay where it is. The free ones are a queue that
// takes no memory of its own.
type handles struct {
	lock    lock
	entries []*entry
	free    int   // how many places are free
	first   int32 // the index of the one that has been free for longest
	last    int32 // and of the one that came free last
}

// add takes a place for a session.
func (t *handles) add(session *core.Session, opened bool) int32 {
	t.lock.Lock()
	defer t.lock.Unlock()
	index, ok := t.place()
	if !ok {
		return ErrHandles
	}
	e := t.entries[index]
	e.lock.Lock()
	defer e.lock.Unlock()
	generation := e.handle>>indexBits%mostGenerated + 1
	e.handle = generation<<indexBits | index
	e.session, e.opened, e.poisoned = session, opened, false
	return e.handle
}

// place finds a free place, or makes one.
func (t *handles) place() (index int32, ok bool) {
	if t.free > leastFree || t.free > 0 && len(t.entries) == mostHandles {
		index = t.first
		t.first = t.entries[index].next
		t.free--
		return index, true
	}
	if len(t.entries) == mostHandles {
		return 0, false
	}
	t.entries = append(t.entries, &entry{})
	return int32(len(t.entries) - 1), true
}

// get gives a handle's entry, locked.
func (t *handles) get(handle int32) (*entry, bool) {
	t.lock.Lock()
	index := int(handle & (mostHandles - 1))
	if handle < 0 || index >= len(t.entries) {
		t.lock.Unlock()
		return nil, false
	}
	e := t.entries[index]
	t.lock.Unlock()
	e.lock.Lock()
	if e.handle != handle || e.session == nil {
		e.lock.Unlock()
		return nil, false
	}
	return e, true
}

// withSession runs a call on a session under its lock and guard.
func (t *handles) withSession(handle int32, call func(e *entry) int32) int32 {
	e, ok := t.get(handle)
	if !ok {
		return ErrHandle
	}
	defer e.lock.Unlock()
	if e.poisoned {
		return ErrPoisoned
	}
	return e.guard(func() int32 { return call(e) })
}

// remove gives a place back, poisoned or not.
func (t *handles) remove(handle int32) int32 {
	e, ok := t.get(handle)
	if !ok {
		return ErrHandle
	}
	e.session = nil
	e.lock.Unlock()
	t.release(handle & (mostHandles - 1))
	return 0
}

// release puts a place at the end of the free ones.
func (t *handles) release(index int32) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.free == 0 {
		t.first = index
	} else {
		t.entries[t.last].next = index
	}
	t.last = index
	t.free++
}
