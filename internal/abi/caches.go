package abi

import "github.com/evercreds/evercreds/core"

// CacheNew is the export cache_new.
func (l *Library) CacheNew(policy, maxSize int32) int32 {
	p := core.CachePolicy(policy)
	if p != core.LRU && p != core.LFU {
		return ErrArgument
	}
	return l.handles.add(nil, core.NewCache(p, int(maxSize)), false)
}

// entryOf runs a call on a cache with the number of an entry.
func (l *Library) entryOf(cache, id int32, call func(c *core.Cache, id int32) bool) int32 {
	return l.handles.withCache(cache, func(c *core.Cache) int32 {
		if id < 0 {
			return ErrArgument
		}
		return number(call(c, id))
	})
}

// CacheGet is the export cache_get.
func (l *Library) CacheGet(cache, id int32) int32 {
	return l.entryOf(cache, id, (*core.Cache).Get)
}

// CacheContains is the export cache_contains.
func (l *Library) CacheContains(cache, id int32) int32 {
	return l.entryOf(cache, id, (*core.Cache).Contains)
}

// CacheAdd is the export cache_add.
func (l *Library) CacheAdd(cache, id int32) int32 {
	return l.entryOf(cache, id, (*core.Cache).Add)
}

// CacheRemove is the export cache_remove.
func (l *Library) CacheRemove(cache, id int32) int32 {
	return l.entryOf(cache, id, (*core.Cache).Remove)
}

// CacheResize is the export cache_resize.
func (l *Library) CacheResize(cache, maxSize int32) int32 {
	return l.handles.withCache(cache, func(c *core.Cache) int32 { return int32(c.Resize(int(maxSize))) })
}

// CacheEvicted is the export cache_evicted.
func (l *Library) CacheEvicted(cache int32) int32 {
	return l.handles.withCache(cache, func(c *core.Cache) int32 { return orNone(c.Evicted()) })
}

// CacheNext is the export cache_next.
func (l *Library) CacheNext(cache, id int32) int32 {
	return l.handles.withCache(cache, func(c *core.Cache) int32 {
		if id < -1 {
			return ErrArgument
		}
		return orNone(c.Next(id))
	})
}

func orNone(id int32, ok bool) int32 {
	if !ok {
		return NoEntry
	}
	return id
}

// CacheSize is the export cache_size.
func (l *Library) CacheSize(cache int32) int32 {
	return l.handles.withCache(cache, func(c *core.Cache) int32 { return int32(c.Len()) })
}

// CacheClear is the export cache_clear.
func (l *Library) CacheClear(cache int32) int32 {
	return l.handles.withCache(cache, func(c *core.Cache) int32 { c.Clear(); return 0 })
}

// CacheFree is the export cache_free.
func (l *Library) CacheFree(cache int32) int32 { return l.handles.remove(cache, false) }
