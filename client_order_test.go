package evercreds

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"pgregory.net/rapid"

	"github.com/evercreds/evercreds/internal/fuzzed"
)

// numbered is a cache of numbers, each under a key of its own.
type numbered struct{ *ClientCache }

func numberedCache(policy EvictionPolicy, size int) numbered {
	return numbered{newClientCache(nil, policy).Resize(size)}
}

func keyOf(n int) *clientKey { return &clientKey{byte(n)} }

func (c numbered) get(n int) bool { return c.find(keyOf(n)) != nil }

func (c numbered) contains(n int) bool { return c.clients.get(keyOf(n)) != nil }

// add asks for a number's client, and tells whether it was made.
func (c numbered) add(n int) (made bool) {
	e := c.find(keyOf(n))
	if e == nil {
		e, _ = c.ClientCache.add(&cachedClient{key: *keyOf(n), make: func() any { made = true; return n }})
	}
	if c.made(e) != n {
		panic("the client of another number")
	}
	return made
}

func (c numbered) remove(n int) bool {
	was := c.clients.get(keyOf(n))
	if was != nil {
		c.drop(was)
	}
	return was != nil
}

func (c numbered) order() []int {
	numbers := []int{}
	for _, e := range c.inOrder() {
		numbers = append(numbers, int(e.key[0]))
	}
	return numbers
}

// The order is what the scenarios say that all languages share.
func TestCachesGoAsTheScenariosSay(t *testing.T) {
	files, err := filepath.Glob("testdata/cache/*.trace")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var c numbered
		var answer string
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\n")
			switch {
			case strings.HasPrefix(line, "  "):
				if answer != line[2:] {
					t.Errorf("%s: %q, want %q", file, answer, line[2:])
				}
			case line != "" && line[0] != '#':
				answer = c.play(t, strings.Fields(line)[1:])
			}
		}
	}
}

func (c *numbered) play(t *testing.T, words []string) string {
	if words[0] == "new" {
		*c = numberedCache(map[string]EvictionPolicy{"lru": LRU, "lfu": LFU}[words[1]], whole(t, words[2]))
		return "cache 0 order="
	}
	before, result, evicts := c.order(), 0, false
	switch words[0] {
	case "get":
		result = one(c.get(whole(t, words[1])))
	case "contains":
		result = one(c.contains(whole(t, words[1])))
	case "add":
		result, evicts = one(c.add(whole(t, words[1]))), true
		if result == 1 {
			before = append(before, whole(t, words[1]))
		}
	case "remove":
		result = one(c.remove(whole(t, words[1])))
	case "resize":
		result, evicts = c.Resize(whole(t, words[1])).Stats().MaxSize, true
	case "clear":
		c.Clear()
	default:
		t.Fatalf("%q is no operation", words[0])
	}
	order := c.order()
	gone := slices.DeleteFunc(before, func(n int) bool { return slices.Contains(order, n) })
	text := "cache " + strconv.Itoa(result)
	if evicts && len(gone) > 0 {
		text += " evicted=" + joined(gone)
	}
	return text + " order=" + joined(order)
}

func whole(t *testing.T, word string) int {
	n, err := strconv.Atoi(word)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

func joined(numbers []int) string {
	var words []string
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	return strings.Join(words, ",")
}

// listCache is the same policy, written so that it is plain to see: a list in
// the order of eviction, sorted anew after every use.
type listCache struct {
	lfu     bool
	most    int
	clock   int
	entries []listEntry
}

type listEntry struct{ n, uses, last int }

func (c *listCache) find(n int) int {
	return slices.IndexFunc(c.entries, func(e listEntry) bool { return e.n == n })
}

func (c *listCache) get(n int) bool {
	i := c.find(n)
	if i < 0 {
		return false
	}
	c.clock++
	c.entries[i].uses++
	c.entries[i].last = c.clock
	slices.SortFunc(c.entries, func(a, b listEntry) int {
		if c.lfu && a.uses != b.uses {
			return a.uses - b.uses
		}
		return a.last - b.last
	})
	return true
}

func (c *listCache) add(n int) bool {
	if c.get(n) {
		return false
	}
	if c.most > 0 {
		c.evict(c.most - 1)
		c.entries = append(c.entries, listEntry{n: n})
		c.get(n)
	}
	return true
}

func (c *listCache) evict(to int) { c.entries = c.entries[max(len(c.entries)-to, 0):] }

func (c *listCache) remove(n int) bool {
	at := c.find(n)
	if at >= 0 {
		c.entries = slices.Delete(c.entries, at, at+1)
	}
	return at >= 0
}

// besideAList has a cache and a list do the same, as the data say.
func besideAList(t interface{ Fatalf(string, ...any) }, data []byte) {
	c := fuzzed.New(data)
	policy, most := EvictionPolicy(c.Choose(2)), c.Choose(11)-5
	cache, list := numberedCache(policy, most), &listCache{lfu: policy == LFU, most: max(most, -most)}
	for range min(len(data)/2, 200) {
		n, what := c.Choose(10), c.Choose(13)
		switch {
		case what < 5 && cache.add(n) != list.add(n):
			t.Fatalf("add %d", n)
		case what >= 5 && what < 9 && cache.get(n) != list.get(n):
			t.Fatalf("get %d", n)
		case what == 9 && cache.contains(n) != (list.find(n) >= 0):
			t.Fatalf("contains %d", n)
		case what == 10:
			list.most = n
			list.evict(n)
			cache.Resize(-n)
		case what == 11 && cache.remove(n) != list.remove(n):
			t.Fatalf("remove %d", n)
		case what == 12 && n == 0:
			cache.Clear()
			list.entries = nil
		}
		want := []int{}
		for _, e := range list.entries {
			want = append(want, e.n)
		}
		if got := cache.order(); !slices.Equal(got, want) {
			t.Fatalf("the cache has %v, the list %v", got, want)
		}
		if stats := cache.Stats(); stats.Size != len(want) || stats.MaxSize != list.most {
			t.Fatalf("%+v of %d, bound %d", stats, len(want), list.most)
		}
	}
}

func TestCacheBesideAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { besideAList(t, rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(t, "data")) })
}

// FuzzCache has a cache and a plain list do the same.
func FuzzCache(f *testing.F) {
	f.Add([]byte("\x00\x03000102030104050001"))
	f.Add([]byte("\x01\x03101112131114152001"))
	f.Fuzz(func(t *testing.T, data []byte) { besideAList(t, data) })
}

func TestCacheBounds(t *testing.T) {
	for given, want := range map[int]int{
		0: 0, 7: 7, -7: 7, maxCacheSize: maxCacheSize, maxCacheSize + 1: maxCacheSize,
		math.MinInt: maxCacheSize, math.MaxInt: maxCacheSize, math.MinInt32: maxCacheSize,
	} {
		if got := numberedCache(LRU, given).Stats().MaxSize; got != want {
			t.Errorf("bound %d: %d", given, got)
		}
	}
}

// `A is amid a change of the cache; B asks for a client that is there`
func TestWhoAsksForWhatIsThereTakesNoLock(t *testing.T) {
	nothing := func(context.Context) (Credentials, error) { return Credentials{}, errors.New("none") }
	s, err := NewCustom(nothing, WithConfig(aws.Config{Region: "us-east-1"}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ask := func() any {
		plain, err := Client(s, sts.NewFromConfig)
		chosen, also := Client(s, sts.NewFromConfig, func(o *sts.Options) { o.Region = "eu-west-1" })
		if err != nil || also != nil {
			t.Error(err, also)
		}
		return [2]*sts.Client{plain, chosen}
	}
	want := ask()
	cache := s.Cache(LRU)
	locks := []*sync.Mutex{&cache.mu, &s.clients.mu}
	for _, e := range cache.inOrder() {
		locks = append(locks, &e.mu)
	}
	for _, lock := range locks {
		lock.Lock()
		defer lock.Unlock()
	}
	got := make(chan any, 1)
	go func() { got <- ask() }()
	select {
	case clients := <-got:
		if clients != want {
			t.Error("other clients")
		}
	case <-time.After(time.Minute):
		t.Error("who asks for a client that is there waits")
	}
}
