//go:build go1.25

package host_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/share"
)

// odd is a store that does the same in each call, whatever it is asked.
type odd struct {
	mu    sync.Mutex
	asked []string
	do    func(ctx context.Context, call string) error
	looks host.Looked
}

func (o *odd) call(ctx context.Context, call string) error {
	o.mu.Lock()
	o.asked = append(o.asked, call)
	o.mu.Unlock()
	if o.do == nil {
		return nil
	}
	return o.do(ctx, call)
}

func (o *odd) Look(ctx context.Context, _ string) (host.Looked, error) {
	return o.looks, o.call(ctx, "look")
}

func (o *odd) Campaign(ctx context.Context, _ share.Campaign) (share.Turn, error) {
	return share.Turn{Won: true, Number: 1}, o.call(ctx, "campaign")
}

func (o *odd) Publish(ctx context.Context, _ host.Publication) (share.Published, error) {
	return share.Published{Stored: true}, o.call(ctx, "publish")
}

func (o *odd) Resign(ctx context.Context, _ host.Resignation) error { return o.call(ctx, "resign") }

// shares opens a session that shares by such a store.
func shares(t *testing.T, store host.Group, called ...func(context.Context)) *host.Host {
	t.Helper()
	session := core.New()
	for option, value := range map[core.Option]float64{core.OptMethod: float64(core.MethodCustom), core.OptShare: 1} {
		if err := session.Set(option, value); err != nil {
			t.Fatal(err)
		}
	}
	source, err := sources.NewCustom(func(ctx context.Context) (sources.Credentials, error) {
		for _, f := range called {
			f(ctx)
		}
		return set(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	h := host.New(host.Config{
		Machine: host.Core{Session: session}, Lock: &sync.Mutex{}, Source: source, Method: core.MethodCustom, Group: store,
		Clock: func() core.Now {
			return core.Now{Wall: time.Now().UnixMilli(), Elapsed: time.Since(start).Milliseconds()}
		},
		Refuse: func(f host.Failure) error { return errors.New(f.Text) },
	})
	if err := h.Open(1); err != nil {
		t.Fatal(err)
	}
	return h
}

// terrible is an error whose methods panic.
type terrible struct{}

func (terrible) Error() string  { panic("it has no text") }
func (terrible) Is(error) bool  { panic("it is nothing") }
func (*terrible) Unwrap() error { panic("it has no cause") }

// caller A asks; the store panics, ends its goroutine, returns an error that panics, or
// never returns: A gets a set all the same.
func TestAStoreIsForeign(t *testing.T) {
	for name, do := range map[string]func(context.Context, string) error{
		"panics":               func(context.Context, string) error { panic("the store") },
		"ends its goroutine":   func(context.Context, string) error { runtime.Goexit(); return nil },
		"has a terrible error": func(context.Context, string) error { return terrible{} },
		"fails":                func(context.Context, string) error { return errors.New("down") },
		"hangs until it is told to end": func(ctx context.Context, _ string) error {
			<-ctx.Done()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &odd{do: do}
				h := shares(t, store)
				begun, bound := time.Now(), time.Duration(0)
				if strings.HasPrefix(name, "hangs") {
					bound = 250 * time.Millisecond
				}
				if _, err := h.Credentials(t.Context(), core.Need{Until: core.Never}); err != nil || time.Since(begun) != bound {
					t.Errorf("%v after %v", err, time.Since(begun))
				}
				time.Sleep(time.Minute) // what is left for the ladder's end
				if err := h.Close(); err != nil {
					t.Error(err)
				}
				h.Ended()
			})
		})
	}
}

// the store answers none of many calls, and heeds no context: there are never more than a
// few of them.
func TestAStoreThatNeverReturnsHasFewCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		running, most := 0, 0
		var mu sync.Mutex
		store := &odd{do: func(context.Context, string) error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			<-end
			return errors.New("at last")
		}}
		h := shares(t, store)
		for range 20 {
			if _, err := h.Credentials(t.Context(), core.Need{Until: core.Never}); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Hour)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		close(end)
		h.Ended()
		if most > 16 || most < 2 {
			t.Errorf("%d calls at a time", most)
		}
	})
}

// a session leads, and is restored: to the store it is another from then on.
func TestARestoredSessionHasAnotherOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		owners := map[string]bool{}
		store := &owned{owners: owners}
		h := shares(t, store)
		for range 3 {
			if _, err := h.Credentials(t.Context(), core.Need{Until: core.Never}); err != nil {
				t.Error(err)
			}
			time.Sleep(2 * time.Hour)
			var err error
			h.Look(func(host.Machine, core.Now) {
				err = h.Restore(func(now core.Now) (core.Decision, error) { return h.Machine.Wake(now) })
			})
			if err != nil {
				t.Error(err)
			}
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if len(owners) != 3 {
			t.Errorf("there were %d owners", len(owners))
		}
		for o := range owners {
			if len(o) != 32 {
				t.Errorf("an owner is %q", o)
			}
		}
	})
}

// owned notes whose turns are tried for.
type owned struct {
	odd
	owners map[string]bool
}

func (o *owned) Campaign(ctx context.Context, c share.Campaign) (share.Turn, error) {
	o.owners[c.Owner] = true
	return o.odd.Campaign(ctx, c)
}

type who struct{}

// caller A asks, with a value in its context; the store is asked, and then the source: the
// source finds A's value.
func TestAnAttemptThatBeganAtTheStoreHasItsCallersValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var found any
		h := shares(t, &odd{}, func(ctx context.Context) { found = ctx.Value(who{}) })
		if _, err := h.Credentials(context.WithValue(t.Context(), who{}, "A"), core.Need{Until: core.Never}); err != nil || found != "A" {
			t.Errorf("%v, %v", found, err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// overtakes is a lock before whose next holder others come.
type overtakes struct {
	sync.Mutex
	first func()
}

func (o *overtakes) Lock() {
	if first := o.first; first != nil {
		o.first = nil
		first()
	}
	o.Mutex.Lock()
}

// caller A asks; the process is stopped for longer than a call of the store may take, and
// the store's answer comes; caller B asks before it is put: the answer counts.
func TestAnAnswerThatIsThereIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		found := set()
		found.Expires = time.Now().Add(time.Hour)
		store := &odd{looks: host.Looked{
			Set: &found, Expiry: found.Expires.UnixMilli(), Fingerprint: sources.Fingerprint(found), Life: 3600_000, Left: 3600_000,
			Generation: 1, Turn: 1,
		}}
		h, lock, stopped := shares(t, store), &overtakes{}, int64(0)
		clock := h.Clock
		h.Clock = func() core.Now {
			now := clock()
			return core.Now{Wall: now.Wall + stopped, Elapsed: now.Elapsed + stopped}
		}
		store.do = func(context.Context, string) error {
			lock.first = func() { // the next lock is taken for the answer
				stopped = 1000
				if _, err := h.Credentials(t.Context(), core.Need{Until: core.Never}); err != nil {
					t.Error(err)
				}
			}
			return nil
		}
		h.Lock = lock
		if _, err := h.Credentials(t.Context(), core.Need{Until: core.Never}); err != nil {
			t.Error(err)
		}
		for field, want := range map[core.Field]int64{core.StatusShareAdopted: 1, core.StatusStarts: 0} {
			if got, _ := h.Machine.Status(field, h.Clock()); got != want {
				t.Errorf("field %d is %d, not %d", field, got, want)
			}
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}
