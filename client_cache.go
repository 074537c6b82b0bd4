package evercreds

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
)

// EvictionPolicy says which client a full cache drops.
type EvictionPolicy int

// The eviction policies.
const (
	// LRU drops the least recently used client. It is the default.
	LRU EvictionPolicy = iota
	// LFU drops the least frequently used client; of equals, the least recently used.
	LFU
)

// String is "LRU" or "LFU".
func (p EvictionPolicy) String() string {
	switch p {
	case LRU:
		return "LRU"
	case LFU:
		return "LFU"
	}
	return "no eviction policy"
}

const (
	defaultCacheSize = 10
	maxCacheSize     = 1 << 30
)

// ClientCache caches the clients that [Client] makes in a session, up to a bound. It is
// safe for concurrent use.
type ClientCache struct {
	maker  *clientMaker
	policy EvictionPolicy

	clients shards
	clock   atomic.Int64 // counts uses, the first one of each client among them

	mu        sync.Mutex // guards changes of clients, and all below
	maxSize   int
	misses    int64
	evictions int64
	closed    bool
}

// cachedClient is an entry of a cache.
type cachedClient struct {
	key  clientKey
	name string
	uses atomic.Int64 // under LFU
	last atomic.Int64 // when it was used, by the cache's clock
	// make calls the constructor, whose result client points to
	mu     sync.Mutex
	make   func() any
	client atomic.Pointer[any]
	kept   *atomic.Pointer[cachedClient] // where the service finds it without its key; may be nil
	// constructor and options stay as long as the key, in which their addresses are
	constructor, options any
}

// CachedClient describes one client in a cache.
type CachedClient struct {
	Name   string // the client's type, as "*s3.Client"
	Key    string // stands for its constructor and options, and shows nothing of them
	Policy EvictionPolicy
}

// CacheStats are counts since the session was made, and the size now.
type CacheStats struct {
	Size      int   // clients that are there
	MaxSize   int   // the bound in force
	Hits      int64 // calls of Client that found theirs
	Misses    int64 // calls that made it
	Evictions int64 // clients forgotten because the cache was full
}

// Cache returns one of the session's two caches:
//
//	client, err := evercreds.Client(session.Cache(evercreds.LFU).Resize(20), s3.NewFromConfig)
//
// It returns nil if policy is neither [LRU] nor [LFU].
func (s *Session) Cache(policy EvictionPolicy) *ClientCache {
	if policy != LRU && policy != LFU {
		return nil
	}
	return s.clients.caches[policy]
}

// Resize sets the bound, drops the clients above it, and returns the cache. 0 caches
// nothing, a negative bound counts as its absolute value, and the most is 2^30. Default:
// 10.
func (c *ClientCache) Resize(maxSize int) *ClientCache {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.maxSize = bound(maxSize)
	c.evict(c.maxSize)
	return c
}

func bound(n int) int {
	if n < 0 {
		n = -n
	}
	if n < 0 || n > maxCacheSize { // -n of the least int is negative still
		n = maxCacheSize
	}
	return n
}

// Stats returns the counts of the cache.
func (c *ClientCache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return CacheStats{
		Size: c.clients.size(), MaxSize: c.maxSize,
		Hits: c.clock.Load() - c.misses, Misses: c.misses, Evictions: c.evictions,
	}
}

// List describes all clients, the next to drop first.
func (c *ClientCache) List() []CachedClient {
	var list []CachedClient
	for _, e := range c.inOrder() {
		list = append(list, CachedClient{Name: e.name, Key: hex.EncodeToString(e.key[:]), Policy: c.policy})
	}
	return list
}

// inOrder lists the entries, the next to drop first.
func (c *ClientCache) inOrder() []*cachedClient { return slices.SortedFunc(c.clients.all(), byUse) }

func byUse(a, b *cachedClient) int {
	return cmp.Or(cmp.Compare(a.uses.Load(), b.uses.Load()), cmp.Compare(a.last.Load(), b.last.Load()))
}

// Clear drops all clients. They still work for whoever has them.
func (c *ClientCache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

func (c *ClientCache) clear() {
	for e := range c.clients.all() {
		c.clients.drop(e)
	}
}

func (c *ClientCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	c.closed = true
}

// find gives the entry of a key, and counts that as a use of it; nil: there is none.
func (c *ClientCache) find(key *clientKey) *cachedClient {
	e := c.clients.get(key)
	if e != nil {
		c.use(e)
	}
	return e
}

func (c *ClientCache) use(e *cachedClient) {
	e.last.Store(c.clock.Add(1))
	if c.policy == LFU {
		e.uses.Add(1)
	}
}

// add puts a fresh entry in, unless there is one of that key by now, which it gives.
func (c *ClientCache) add(fresh *cachedClient) (*cachedClient, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, &Error{Code: CodeClosed}
	}
	if e := c.find(&fresh.key); e != nil {
		return e, nil
	}
	c.misses++
	c.use(fresh)
	if c.maxSize == 0 {
		c.evictions++
		return fresh, nil
	}
	c.evict(c.maxSize - 1)
	c.clients.put(fresh)
	return fresh, nil
}

// evict drops clients until so many are left.
func (c *ClientCache) evict(to int) {
	n := c.clients.size() - to
	if n <= 0 {
		return
	}
	c.evictions += int64(n)
	for _, e := range c.next(n) {
		c.clients.drop(e)
	}
}

// next are the n entries to drop first.
func (c *ClientCache) next(n int) []*cachedClient {
	if n == 1 { // as at each miss of a full cache
		return []*cachedClient{slices.MinFunc(slices.Collect(c.clients.all()), byUse)}
	}
	return c.inOrder()[:n]
}

// made gives the client of an entry, which is made where that has not been done. It is
// made without the cache's lock, so that whoever asks for another one does not wait.
func (c *ClientCache) made(e *cachedClient) any {
	if client := e.client.Load(); client != nil {
		return *client
	}
	defer func() {
		if e.client.Load() == nil {
			c.drop(e) // the constructor panicked: the next caller tries again
		}
	}()
	return e.get()
}

// get makes the client where that has not been done. Where the constructor panics, or
// ends its goroutine, that is its caller's affair: the next one tries it again.
func (e *cachedClient) get() any {
	e.mu.Lock()
	defer e.mu.Unlock()
	if client := e.client.Load(); client != nil {
		return *client
	}
	client := e.make()
	e.make = nil
	e.client.Store(&client)
	return client
}

func (c *ClientCache) drop(e *cachedClient) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clients.get(&e.key) == e {
		c.clients.drop(e)
	}
}

// String returns policy and size.
func (c *ClientCache) String() string {
	stats := c.Stats()
	return fmt.Sprintf("evercreds.ClientCache(%s, %d of %d)", c.policy, stats.Size, stats.MaxSize)
}

// Format prints String for every verb, so that none shows what the clients hold.
func (c *ClientCache) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns String, so that log/slog shows nothing more.
func (c *ClientCache) LogValue() slog.Value { return slog.StringValue(c.String()) }
