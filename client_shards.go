package evercreds

import (
	"iter"
	"maps"
	"sync/atomic"
)

// shards hold the clients of a cache. Who looks for one takes no lock: a shard is never
// written to, but replaced, which costs little, since it is a small part of all.
type shards [16]atomic.Pointer[map[clientKey]*cachedClient]

func (s *shards) of(key *clientKey) *atomic.Pointer[map[clientKey]*cachedClient] {
	return &s[int(key[0])%len(s)] // a key is a hash
}

// get returns the client of a key; nil: there is none.
func (s *shards) get(key *clientKey) *cachedClient {
	if shard := s.of(key).Load(); shard != nil {
		return (*shard)[*key]
	}
	return nil
}

// put adds a client. The cache's lock is held, as for drop.
func (s *shards) put(e *cachedClient) {
	shard := map[clientKey]*cachedClient{}
	if before := s.of(&e.key).Load(); before != nil {
		shard = maps.Clone(*before)
	}
	shard[e.key] = e
	s.of(&e.key).Store(&shard)
	if e.kept != nil {
		e.kept.Store(e)
	}
}

// drop removes a client.
func (s *shards) drop(e *cachedClient) {
	shard := maps.Clone(*s.of(&e.key).Load())
	delete(shard, e.key)
	s.of(&e.key).Store(&shard)
	if e.kept != nil {
		e.kept.CompareAndSwap(e, nil)
	}
}

// all are the clients, in no order.
func (s *shards) all() iter.Seq[*cachedClient] {
	return func(yield func(*cachedClient) bool) {
		for i := range s {
			if shard := s[i].Load(); shard != nil {
				for _, e := range *shard {
					if !yield(e) {
						return
					}
				}
			}
		}
	}
}

func (s *shards) size() (n int) {
	for i := range s {
		if shard := s[i].Load(); shard != nil {
			n += len(*shard)
		}
	}
	return n
}
