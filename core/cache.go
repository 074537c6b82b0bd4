package core

// CachePolicy says which entry a full cache evicts.
type CachePolicy int32

// The cache policies.
const (
	LRU CachePolicy = iota // the least recently used
	LFU                    // the least frequently used; of equals, the least recently used
)

// String is "LRU" or "LFU".
func (p CachePolicy) String() string {
	switch p {
	case LRU:
		return "LRU"
	case LFU:
		return "LFU"
	}
	return "no cache policy"
}

// DefaultCacheSize is the bound of a cache if none was given.
const DefaultCacheSize = 10

// MaxCacheSize is the largest bound of a cache.
const MaxCacheSize = 1 << 30

// Cache is the order of a cache's entries. Keys and objects stay with the host;
// the core knows the entries by the numbers that the host gave them, and reports
// every one that it evicts. All operations take constant time. It is not safe
// for concurrent use.
type Cache struct {
	policy  CachePolicy
	most    int
	entries map[int32]*entry
	buckets bucket // sentinel of a ring of buckets, rarest first
	evicted []int32
}

// bucket holds the entries of one frequency, the least recently used first. An
// LRU cache has one bucket for ever.
type bucket struct {
	uses       int64
	ring       entry // sentinel
	prev, next *bucket
}

type entry struct {
	id         int32
	in         *bucket
	prev, next *entry
}

// NewCache makes an empty cache that keeps at most maxSize entries. A negative
// bound counts as its absolute value; 0 keeps nothing.
func NewCache(policy CachePolicy, maxSize int) *Cache {
	c := &Cache{policy: policy, most: bound(maxSize)}
	c.Clear()
	return c
}

func bound(n int) int {
	if n < 0 {
		n = -n
	}
	if n < 0 || n > MaxCacheSize { // -n of the smallest int is still negative
		n = MaxCacheSize
	}
	return n
}

// Len is the number of entries.
func (c *Cache) Len() int { return len(c.entries) }

// Contains tells whether an entry is there. It does not count as a use.
func (c *Cache) Contains(id int32) bool { return c.entries[id] != nil }

// Get tells whether an entry is there, and counts as a use of it.
func (c *Cache) Get(id int32) bool {
	e := c.entries[id]
	if e == nil {
		return false
	}
	to := e.in
	if c.policy == LFU {
		if to = e.in.next; to.uses != e.in.uses+1 {
			to = insertBucket(e.in, e.in.uses+1)
		}
	}
	c.unlink(e, e.in != to)
	to.push(e)
	return true
}

// Add makes room for a new entry, adds it and reports true. An entry that is
// there already counts as used.
func (c *Cache) Add(id int32) bool {
	if c.Get(id) {
		return false
	}
	if c.most == 0 {
		c.evicted = append(c.evicted, id)
		return true
	}
	c.shrink(c.most - 1) // first, so that the new entry is not its own victim
	first := c.buckets.next
	if first.uses != 1 {
		first = insertBucket(&c.buckets, 1)
	}
	e := &entry{id: id}
	first.push(e)
	c.entries[id] = e
	return true
}

// Remove takes an entry out. It is not reported as evicted.
func (c *Cache) Remove(id int32) bool {
	e := c.entries[id]
	if e == nil {
		return false
	}
	c.unlink(e, true)
	delete(c.entries, id)
	return true
}

// Resize sets the bound, evicts the entries above it, and returns the bound.
func (c *Cache) Resize(maxSize int) int {
	c.most = bound(maxSize)
	c.shrink(c.most)
	return c.most
}

// Evicted takes the next entry that was evicted and not yet reported.
func (c *Cache) Evicted() (id int32, ok bool) {
	if len(c.evicted) == 0 {
		return 0, false
	}
	id = c.evicted[0]
	if c.evicted = c.evicted[1:]; len(c.evicted) == 0 {
		c.evicted = nil
	}
	return id, true
}

// Next walks over the entries in the order in which they would be evicted: the
// one after id, or the first for -1.
func (c *Cache) Next(id int32) (int32, bool) {
	in, next := c.buckets.next, (*entry)(nil)
	if id >= 0 {
		e := c.entries[id]
		if e == nil {
			return 0, false
		}
		in, next = e.in, e.next
	} else if in != &c.buckets {
		next = in.ring.next
	}
	if next == &in.ring && in.next != &c.buckets {
		next = in.next.ring.next
	}
	if next == nil || next == &in.ring {
		return 0, false
	}
	return next.id, true
}

// Clear takes all entries out and forgets evictions not yet reported.
func (c *Cache) Clear() {
	c.entries = map[int32]*entry{}
	c.buckets.prev, c.buckets.next = &c.buckets, &c.buckets
	c.evicted = nil
}

func (c *Cache) shrink(to int) {
	for len(c.entries) > to {
		e := c.buckets.next.ring.next
		c.unlink(e, true)
		delete(c.entries, e.id)
		c.evicted = append(c.evicted, e.id)
	}
}

// unlink takes an entry out of its bucket. It takes the bucket out too if that is
// empty then and not used again at once.
func (c *Cache) unlink(e *entry, drop bool) {
	e.prev.next, e.next.prev = e.next, e.prev
	if b := e.in; drop && b.ring.next == &b.ring {
		b.prev.next, b.next.prev = b.next, b.prev
	}
}

func (b *bucket) push(e *entry) {
	e.in, e.prev, e.next = b, b.ring.prev, &b.ring
	e.prev.next, b.ring.prev = e, e
}

func insertBucket(after *bucket, uses int64) *bucket {
	b := &bucket{uses: uses, prev: after, next: after.next}
	b.ring.prev, b.ring.next = &b.ring, &b.ring
	b.prev.next, b.next.prev = b, b
	return b
}
