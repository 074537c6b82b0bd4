package sharetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds/share"
)

// crowd is a case with many clients at once.
type crowd struct {
	Rule    int
	Name    string
	Clients int
	Calls   int // of each client; 0: one campaign and one publication
}

func (c crowd) play(t *testing.T, open func() share.Store) {
	ctx, key := withMinute(t), newKey()
	stores := make([]share.Store, c.Clients)
	for i := range stores {
		stores[i] = open()
	}
	if c.Calls == 0 {
		c.race(t, ctx, stores, key)
		return
	}
	c.mix(t, ctx, stores, key)
}

// together runs f for each client at once, and ends the test after an error.
func together(t *testing.T, stores []share.Store, f func(i int, s share.Store) error) {
	t.Helper()
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i, s := range stores {
		all.Add(1)
		go func() {
			defer all.Done()
			<-begin
			if err := f(i, s); err != nil {
				t.Errorf("client %d: %v", i, err)
			}
		}()
	}
	close(begin)
	all.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

func owner(i int) string { return fmt.Sprintf("%032x", i+1) }

// race has everybody campaign, and then publish.
func (c crowd) race(t *testing.T, ctx context.Context, stores []share.Store, key string) {
	won := make([]bool, c.Clients)
	together(t, stores, func(i int, s share.Store) error {
		turn, err := s.Campaign(ctx, key, share.Campaign{Owner: owner(i), Length: longest})
		won[i] = turn.Won
		if err == nil && (turn.Number != 1 || turn.Left <= 0) {
			err = fmt.Errorf("campaign answers number %d with %s left, want 1 and more than 0", turn.Number, turn.Left)
		}
		return err
	})
	winners := 0
	for _, w := range won {
		if w {
			winners++
		}
	}
	if winners != 1 {
		t.Fatalf("%d clients won turn 1", winners)
	}
	latest := 1_800_000_000_000 + int64(c.Clients)
	together(t, stores, func(i int, s share.Store) error {
		e := share.Entry{Sealed: []byte{byte(i)}, Generation: 1, Fingerprint: uint64(i + 1), ExpiryMS: latest - int64((i*37)%c.Clients)}
		_, err := s.Publish(ctx, key, share.Publication{Owner: owner(i), Number: 1, Entry: e, TTL: time.Hour})
		return err
	})
	r, err := stores[0].Read(ctx, key)
	if err != nil || r.Entry.ExpiryMS != latest || r.TurnLeft != 0 || r.Number != 1 {
		t.Fatalf("at the end there is %s, turn %d with %s left, %v; want expiry_ms %d, turn 1 that is over", told(r.Entry), r.Number, r.TurnLeft, err, latest)
	}
}

// mix has everybody make calls of all kinds, a part of them late or again, and looks
// whether anything goes back.
func (c crowd) mix(t *testing.T, ctx context.Context, stores []share.Store, key string) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var mu sync.Mutex
	wonBy := map[int64]string{}
	together(t, stores, func(i int, s share.Store) error {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		var last share.Record
		var publication share.Publication
		for range c.Calls {
			now, err := s.Read(ctx, key)
			if err != nil {
				return err
			}
			if now.Number < last.Number || now.Entry.ExpiryMS < last.Entry.ExpiryMS || now.Entry.Generation < last.Entry.Generation {
				return fmt.Errorf("the record went back from turn %d and %s to turn %d and %s", last.Number, told(last.Entry), now.Number, told(now.Entry))
			}
			last = now
			switch random.IntN(4) {
			case 0, 1:
				turn, err := s.Campaign(ctx, key, share.Campaign{
					Owner: owner(i), Seen: now.Number, SawNumber: now.Number, SawFingerprint: now.Entry.Fingerprint, Length: longest,
				})
				if err != nil {
					return err
				}
				mu.Lock()
				by, known := wonBy[turn.Number]
				if turn.Won {
					wonBy[turn.Number] = owner(i)
				}
				mu.Unlock()
				if turn.Won && known && by != owner(i) {
					return fmt.Errorf("turn %d was won by %s too", turn.Number, by)
				}
			case 2: // the last one may be done again
				if publication.Owner == "" || random.IntN(3) > 0 {
					publication = share.Publication{Owner: owner(i), Number: now.Number, TTL: time.Hour, Entry: share.Entry{
						Sealed: []byte{byte(i)}, Generation: now.Number, Fingerprint: random.Uint64(), ExpiryMS: 1_800_000_000_000 + random.Int64N(1000),
					}}
				}
				if _, err := s.Publish(ctx, key, publication); err != nil {
					return err
				}
			case 3:
				r := share.Resignation{Owner: owner(i), Number: now.Number, Notice: []byte("notice"), NoticeLength: time.Second, TTL: time.Hour}
				if err := s.Resign(ctx, key, r); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if len(wonBy) == 0 {
		t.Fatal("nobody ever won a turn")
	}
}
