package sealing

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// function is a user's, with a clock for its keyring.
type function struct {
	calls int
	keys  [][]byte
	err   error
	do    func(ctx context.Context)
	now   time.Duration
}

func (f *function) fetch(ctx context.Context) ([][]byte, error) {
	f.calls++
	if f.do != nil {
		f.do(ctx)
	}
	return f.keys, f.err
}

func (f *function) keyring(t *testing.T, nameKey []byte) *Keyring {
	t.Helper()
	k, err := Fetched(f.fetch, nameKey, func() time.Duration { return f.now })
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keyOf(b byte) []byte { return []byte(strings.Repeat(string(rune(b)), KeyBytes)) }

func TestAFunctionIsCalledOnce(t *testing.T) {
	f := &function{keys: [][]byte{keyOf('a')}}
	k := f.keyring(t, nil)
	if f.calls != 0 {
		t.Error("it is called before it is needed")
	}
	first, err := k.Ring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.now = time.Hour
	if again, err := k.Ring(t.Context()); err != nil || again != first || f.calls != 1 {
		t.Errorf("%d calls, %v", f.calls, err)
	}
}

// After an unknown key the function is called again, at most once a minute.
func TestNewerKeys(t *testing.T) {
	f := &function{keys: [][]byte{keyOf('a')}}
	k := f.keyring(t, nil)
	first, err := k.Ring(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newer := func(want *Ring, calls int) *Ring {
		t.Helper()
		got, err := k.Newer(t.Context(), first)
		if err != nil || f.calls != calls || want == nil && got != nil || want != nil && (got == nil || !got.same(want)) {
			t.Fatalf("%d calls, want %d; %v", f.calls, calls, err)
		}
		return got
	}
	newer(nil, 1) // the first call was just now
	f.now = time.Minute
	newer(nil, 2) // the keys are the same
	newer(nil, 2)
	f.keys, f.now = [][]byte{keyOf('b'), keyOf('a')}, 2*time.Minute
	want, err := NewRing(f.keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	newer(want, 3)
	newer(want, 3) // who still has the old ones gets these at once
	f.err, f.now = errors.New("down"), 3*time.Minute
	held, err := k.Ring(t.Context())
	if err != nil || !held.same(want) {
		t.Fatalf("got %v", err)
	}
	if _, err := k.Newer(t.Context(), held); err == nil {
		t.Error("a failure is no news")
	}
	if held, err = k.Ring(t.Context()); err != nil || !held.same(want) {
		t.Errorf("after a failure: %v", err)
	}
	if got, err := Fixed(want).Newer(t.Context(), want); got != nil || err != nil {
		t.Errorf("keys that were given: %v, %v", got, err)
	}
}

func TestAFunctionThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		f    function
		want string
	}{
		"an error":  {function{err: errors.New("down")}, "down"},
		"no key":    {function{}, "share_key must be at least one key of 32 bytes; got none"},
		"short":     {function{keys: [][]byte{make([]byte, 31)}}, "share_key must be keys of 32 bytes; got one of 31"},
		"twice":     {function{keys: [][]byte{keyOf('a'), keyOf('b'), keyOf('a')}}, "the same one as number 1 and 3"},
		"it panics": {function{do: func(context.Context) { panic("sentinel-key") }}, "panicked"},
		"Goexit":    {function{do: func(context.Context) { exit() }}, "ended its goroutine"},
	} {
		t.Run(name, func(t *testing.T) {
			k := c.f.keyring(t, nil)
			for range 3 {
				if _, err := k.Ring(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sentinel") {
					t.Errorf("got %v, want %q", err, c.want)
				}
			}
			if c.f.calls != 1 {
				t.Errorf("%d calls in a minute", c.f.calls)
			}
			c.f.now, c.f.do, c.f.err, c.f.keys = time.Minute, nil, nil, [][]byte{keyOf('a')}
			if _, err := k.Ring(t.Context()); err != nil {
				t.Errorf("a minute later: %v", err)
			}
		})
	}
	if _, err := Fetched(nil, make([]byte, 5), nil); err == nil || err.Error() != "share_name_key must be keys of 32 bytes; got one of 5" {
		t.Errorf("got %v", err)
	}
}

// caller A waits for the function and gives up; caller B waits; the function returns; B and
// the next one have the keys, from one call. The function's context outlives A.
func TestAFunctionThatHangs(t *testing.T) {
	begun, end := make(chan struct{}), make(chan struct{})
	f := &function{keys: [][]byte{keyOf('a')}}
	f.do = func(ctx context.Context) {
		close(begun)
		<-end
		if ctx.Err() != nil {
			f.err = ctx.Err()
		}
	}
	k := f.keyring(t, nil)
	ctx, giveUp := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Add(2)
	go func() {
		defer all.Done()
		if _, err := k.Ring(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("A gets %v", err)
		}
		close(end)
	}()
	go func() {
		defer all.Done()
		if _, err := k.Ring(t.Context()); err != nil {
			t.Errorf("B gets %v", err)
		}
	}()
	<-begun
	giveUp()
	all.Wait()
	if _, err := k.Ring(t.Context()); err != nil || f.calls != 1 {
		t.Errorf("the next one gets %v after %d calls", err, f.calls)
	}
}
