package evercreds

import (
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"math"
	"sync"

	"github.com/evercreds/evercreds/core"
)

// EvictionPolicy says which client a full cache drops.
type EvictionPolicy = core.CachePolicy

// The eviction policies.
const (
	// LRU drops the least recently used client. It is the default.
	LRU EvictionPolicy = core.LRU
	// LFU drops the least frequently used client; of equals, the least recently used.
	LFU EvictionPolicy = core.LFU
)

// ClientCache caches the clients that [Client] makes in a session, up to a bound. It is
// safe for concurrent use.
type ClientCache struct {
	maker  *clientMaker
	policy EvictionPolicy

	mu      sync.Mutex // guards all below
	order   *core.Cache
	maxSize int
	byKey   map[clientKey]*cachedClient
	byID    map[int32]*cachedClient
	lastID  int32
	stats   CacheStats
	closed  bool
}

// cachedClient is an entry of a cache.
type cachedClient struct {
	id   int32
	key  clientKey
	name string
	// make calls the constructor; client is what it gave.
	mu     sync.Mutex
	make   func() any
	client any
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
	c.maxSize = c.order.Resize(maxSize)
	c.forget()
	return c
}

// Stats returns the counts of the cache.
func (c *ClientCache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := c.stats
	stats.Size, stats.MaxSize = c.order.Len(), c.maxSize
	return stats
}

// List describes all clients, the next to drop first.
func (c *ClientCache) List() []CachedClient {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []CachedClient
	for id, ok := c.order.Next(-1); ok; id, ok = c.order.Next(id) {
		e := c.byID[id]
		list = append(list, CachedClient{Name: e.name, Key: hex.EncodeToString(e.key[:]), Policy: c.policy})
	}
	return list
}

// Clear drops all clients. They still work for whoever has them.
func (c *ClientCache) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

func (c *ClientCache) clear() {
	c.order = core.NewCache(c.policy, c.maxSize)
	c.byKey, c.byID = map[clientKey]*cachedClient{}, map[int32]*cachedClient{}
}

func (c *ClientCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	c.closed = true
}

// getOrMake gives the client of a key: that of the entry which is there, or else
// of a fresh one. It is made without the lock, so that whoever asks for another
// one does not wait.
func (c *ClientCache) getOrMake(key clientKey, fresh func() *cachedClient) (any, error) {
	e, err := c.entry(key, fresh)
	if err != nil {
		return nil, err
	}
	made := false
	defer func() {
		if !made {
			c.drop(e) // the constructor panicked: the next caller tries again
		}
	}()
	client := e.get()
	made = true
	return client, nil
}

// get makes the client where that has not been done. Where the constructor panics, or
// ends its goroutine, that is its caller's affair: the next one tries it again.
func (e *cachedClient) get() any {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.make != nil {
		e.client = e.make()
		e.make = nil
	}
	return e.client
}

// entry finds the entry of a key, or adds a fresh one.
func (c *ClientCache) entry(key clientKey, fresh func() *cachedClient) (*cachedClient, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, &Error{Code: CodeClosed}
	}
	if e := c.byKey[key]; e != nil {
		c.order.Get(e.id)
		c.stats.Hits++
		return e, nil
	}
	c.stats.Misses++
	e := fresh()
	c.lastID = (c.lastID + 1) & math.MaxInt32 // the first is long gone when they begin anew
	e.id = c.lastID
	c.byKey[key], c.byID[e.id] = e, e
	c.order.Add(e.id)
	c.forget()
	return e, nil
}

// forget takes out what the policy has evicted.
func (c *ClientCache) forget() {
	for id, ok := c.order.Evicted(); ok; id, ok = c.order.Evicted() {
		c.stats.Evictions++
		delete(c.byKey, c.byID[id].key)
		delete(c.byID, id)
	}
}

func (c *ClientCache) drop(e *cachedClient) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID[e.id] == e {
		c.order.Remove(e.id)
		delete(c.byKey, e.key)
		delete(c.byID, e.id)
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
