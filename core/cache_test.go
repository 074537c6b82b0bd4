package core_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/evercreds/evercreds/core"
)

// listCache is the same policy, written so that it is plain to see: a list in
// the order of eviction, sorted anew after every use.
type listCache struct {
	lfu     bool
	most    int
	clock   int
	entries []listEntry
	evicted []int32
}

type listEntry struct {
	id         int32
	uses, last int
}

func (c *listCache) find(id int32) int {
	return slices.IndexFunc(c.entries, func(e listEntry) bool { return e.id == id })
}

func (c *listCache) sort() {
	slices.SortFunc(c.entries, func(a, b listEntry) int {
		if c.lfu && a.uses != b.uses {
			return a.uses - b.uses
		}
		return a.last - b.last
	})
}

func (c *listCache) get(id int32) bool {
	i := c.find(id)
	if i < 0 {
		return false
	}
	c.clock++
	c.entries[i].uses++
	c.entries[i].last = c.clock
	c.sort()
	return true
}

func (c *listCache) add(id int32) bool {
	if c.get(id) {
		return false
	}
	if c.most == 0 {
		c.evicted = append(c.evicted, id)
		return true
	}
	c.evict(c.most - 1)
	c.clock++
	c.entries = append(c.entries, listEntry{id, 1, c.clock})
	c.sort()
	return true
}

func (c *listCache) evict(to int) {
	for len(c.entries) > to {
		c.evicted = append(c.evicted, c.entries[0].id)
		c.entries = c.entries[1:]
	}
}

func order(c *core.Cache) (ids []int32) {
	for id, ok := c.Next(-1); ok; id, ok = c.Next(id) {
		ids = append(ids, id)
	}
	return ids
}

func TestCacheAgainstAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		policy := core.CachePolicy(rapid.IntRange(0, 1).Draw(t, "policy"))
		most := rapid.IntRange(-5, 5).Draw(t, "bound")
		cache := core.NewCache(policy, most)
		list := &listCache{lfu: policy == core.LFU, most: max(most, -most)}
		id := rapid.Int32Range(0, 9)
		t.Repeat(map[string]func(*rapid.T){
			"get": func(t *rapid.T) {
				i := id.Draw(t, "id")
				if cache.Get(i) != list.get(i) {
					t.Fatal("Get")
				}
			},
			"add": func(t *rapid.T) {
				i := id.Draw(t, "id")
				if cache.Add(i) != list.add(i) {
					t.Fatal("Add")
				}
			},
			"contains": func(t *rapid.T) {
				i := id.Draw(t, "id")
				if cache.Contains(i) != (list.find(i) >= 0) {
					t.Fatal("Contains")
				}
			},
			"remove": func(t *rapid.T) {
				i := id.Draw(t, "id")
				at := list.find(i)
				if at >= 0 {
					list.entries = slices.Delete(list.entries, at, at+1)
				}
				if cache.Remove(i) != (at >= 0) {
					t.Fatal("Remove")
				}
			},
			"resize": func(t *rapid.T) {
				n := rapid.IntRange(-6, 6).Draw(t, "bound")
				list.most = max(n, -n)
				list.evict(list.most)
				if cache.Resize(n) != list.most {
					t.Fatal("Resize")
				}
			},
			"evicted": func(t *rapid.T) {
				i, ok := cache.Evicted()
				if ok != (len(list.evicted) > 0) || ok && i != list.evicted[0] {
					t.Fatalf("Evicted: %d, %v; want %v", i, ok, list.evicted)
				}
				if ok {
					list.evicted = list.evicted[1:]
				}
			},
			"clear": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					cache.Clear()
					list.entries, list.evicted = nil, nil
				}
			},
			"": func(t *rapid.T) {
				var want []int32
				for _, e := range list.entries {
					want = append(want, e.id)
				}
				if got := order(cache); !slices.Equal(got, want) || cache.Len() != len(want) {
					t.Fatalf("order %v, want %v", got, want)
				}
			},
		})
	})
}

func TestLFUTiesGoByRecency(t *testing.T) {
	c := core.NewCache(core.LFU, 3)
	for _, id := range []int32{1, 2, 3} {
		c.Add(id)
	}
	for _, id := range []int32{3, 1, 2} { // equal counts: 3 is the one used longest ago
		c.Get(id)
	}
	c.Add(4)
	if id, _ := c.Evicted(); id != 3 {
		t.Errorf("evicted %d", id)
	}
	c.Add(5) // a new entry is rarer than all, but never its own victim
	if id, _ := c.Evicted(); id != 4 {
		t.Errorf("evicted %d", id)
	}
	if got := order(c); !slices.Equal(got, []int32{5, 1, 2}) {
		t.Errorf("order %v", got)
	}
}

func TestCacheBounds(t *testing.T) {
	for given, want := range map[int]int{
		0: 0, 7: 7, -7: 7, core.MaxCacheSize: core.MaxCacheSize, core.MaxCacheSize + 1: core.MaxCacheSize,
		math.MinInt: core.MaxCacheSize, math.MaxInt: core.MaxCacheSize, math.MinInt32: core.MaxCacheSize,
	} {
		if got := core.NewCache(core.LRU, 3).Resize(given); got != want {
			t.Errorf("bound %d: %d", given, got)
		}
	}
	c := core.NewCache(core.LRU, 0)
	if !c.Add(1) || c.Len() != 0 {
		t.Error("a bound of 0 keeps something")
	}
	if id, ok := c.Evicted(); id != 1 || !ok {
		t.Error("what is not kept must be handed back")
	}
	if _, ok := c.Next(5); ok {
		t.Error("an entry that is not there has a successor")
	}
}

// All operations take constant time: a thousand times the entries do not make
// an operation allocate more.
func TestCacheUseDoesNotAllocate(t *testing.T) {
	for _, size := range []int{10, 10_000} {
		c := core.NewCache(core.LRU, size)
		for id := range int32(size) {
			c.Add(id)
		}
		if n := testing.AllocsPerRun(100, func() { c.Get(int32(size / 2)); c.Contains(1) }); n != 0 {
			t.Errorf("%d entries: %v allocations", size, n)
		}
	}
}
