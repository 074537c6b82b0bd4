//go:build go1.25 && (linux || darwin)

package evercreds_test

import (
	"context"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/share"
)

// oddStore answers a call of one kind as it is told.
type oddStore struct {
	share.Store
	read     func(share.Record) (share.Record, error)
	campaign func(share.Turn) (share.Turn, error)
	publish  func(share.Published) (share.Published, error)
}

func (o *oddStore) Read(ctx context.Context, key string) (share.Record, error) {
	r, err := o.Store.Read(ctx, key)
	if o.read == nil || err != nil {
		return r, err
	}
	return o.read(r)
}

func (o *oddStore) Campaign(ctx context.Context, key string, c share.Campaign) (share.Turn, error) {
	t, err := o.Store.Campaign(ctx, key, c)
	if o.campaign == nil || err != nil {
		return t, err
	}
	return o.campaign(t)
}

func (o *oddStore) Publish(ctx context.Context, key string, p share.Publication) (share.Published, error) {
	out, err := o.Store.Publish(ctx, key, p)
	if o.publish == nil || err != nil {
		return out, err
	}
	return o.publish(out)
}

// nobody is an error that is a nil pointer, whose methods panic.
type nobody struct{ text string }

func (n *nobody) Error() string { return n.text }

// caller A asks; what the store answers is no record, or no answer; A goes alone, and is
// told why. A publication that fails is counted alone: A has its set.
func TestAnswersThatAreNone(t *testing.T) {
	looks := func(change func(*share.Record)) *oddStore {
		return &oddStore{Store: memory(), read: func(r share.Record) (share.Record, error) { change(&r); return r, nil }}
	}
	turns := func(change func(*share.Turn)) *oddStore {
		return &oddStore{Store: memory(), campaign: func(u share.Turn) (share.Turn, error) { change(&u); return u, nil }}
	}
	for _, c := range []struct {
		name, why string
		store     share.Store
	}{
		{"a negative number", "record", looks(func(r *share.Record) { r.Number = -1 })},
		{"a number beyond all", "record", looks(func(r *share.Record) { r.Number = math.MaxInt64 })},
		{"a clock beyond all", "record", looks(func(r *share.Record) { r.ClockMS = math.MaxInt64 })},
		{"a turn with a negative number", "record", turns(func(u *share.Turn) { u.Number = -5 })},
		{"a turn with a number beyond all", "record", turns(func(u *share.Turn) { u.Number = math.MaxInt64 })},
		{"a negative rest of a turn", "record", turns(func(u *share.Turn) { u.Left = -time.Second })},
		{"an error that is a nil pointer", "store", &oddStore{Store: memory(), read: func(r share.Record) (share.Record, error) {
			var n *nobody
			return r, n
		}}},
		{"a panic with nil", "store", &oddStore{Store: memory(), read: func(share.Record) (share.Record, error) { panic(nil) }}},
		{"the end of its goroutine", "store", &oddStore{Store: memory(), campaign: func(u share.Turn) (share.Turn, error) { runtime.Goexit(); return u, nil }}},
		{"a panic at a publication", "", &oddStore{Store: memory(), publish: func(share.Published) (share.Published, error) { panic("the store") }}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var why []string
				source := &vault{latency: time.Second}
				s := open(t, source, evercreds.WithShare(c.store), evercreds.WithShareKey(bytesOf(1)), evercreds.WithShareID("x"),
					evercreds.WithEvents(func(e evercreds.Event) {
						mu.Lock()
						defer mu.Unlock()
						if e.Share == "store_failed" {
							why = append(why, e.Reason)
						}
					}))
				if _, err := s.Retrieve(t.Context()); err != nil || source.calls.Load() != 1 {
					t.Errorf("%v after %d calls", err, source.calls.Load())
				}
				time.Sleep(time.Second)
				_ = s.Close() // it waits for who hears of events
				mu.Lock()
				defer mu.Unlock()
				if st := s.Status(); c.why != "" && !slices.Contains(why, c.why) || st.ShareFailures == 0 {
					t.Errorf("told %q, %d failed", why, st.ShareFailures)
				}
			})
		})
	}
}
