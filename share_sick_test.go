//go:build go1.25 && (linux || darwin)

package evercreds_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/share"
)

// sickStore fails, panics, is slow or hangs in two of five calls, by a seed.
type sickStore struct {
	share.Store
	mu  sync.Mutex
	rng *rand.Rand
}

var errSick = errors.New("the store is sick")

func (s *sickStore) ill(ctx context.Context) error {
	s.mu.Lock()
	draw, slow := s.rng.IntN(20), time.Duration(s.rng.IntN(2000))*time.Millisecond
	s.mu.Unlock()
	switch {
	case draw < 2:
		return errSick
	case draw < 3:
		panic("the store")
	case draw < 5:
		<-ctx.Done()
		return ctx.Err()
	case draw < 8:
		time.Sleep(slow)
	}
	return nil
}

func (s *sickStore) Read(ctx context.Context, key string) (share.Record, error) {
	if err := s.ill(ctx); err != nil {
		return share.Record{}, err
	}
	return s.Store.Read(ctx, key)
}

func (s *sickStore) Campaign(ctx context.Context, key string, c share.Campaign) (share.Turn, error) {
	if err := s.ill(ctx); err != nil {
		return share.Turn{}, err
	}
	turn, err := s.Store.Campaign(ctx, key, c)
	return turn, errors.Join(err, s.ill(ctx)) // the answer may be lost
}

func (s *sickStore) Publish(ctx context.Context, key string, p share.Publication) (share.Published, error) {
	if err := s.ill(ctx); err != nil {
		return share.Published{}, err
	}
	return s.Store.Publish(ctx, key, p)
}

func (s *sickStore) Resign(ctx context.Context, key string, r share.Resignation) error {
	if err := s.ill(ctx); err != nil {
		return err
	}
	return s.Store.Resign(ctx, key, r)
}

// six sessions share for a day by a store that is sick; callers ask each minute; one session
// after the other is closed, and opened anew: nobody gets an error or waits for longer than
// a source and the store's bounds take, and nothing is left running.
func TestADayWithASickStore(t *testing.T) {
	for seed := range uint64(5) {
		synctest.Test(t, func(t *testing.T) { aDayWithASickStore(t, seed) })
	}
}

func aDayWithASickStore(t *testing.T, seed uint64) {
	source := &vault{latency: time.Second}
	store := &sickStore{Store: memory(), rng: rand.New(rand.NewPCG(seed, 1))}
	another := func() *evercreds.Session {
		return open(t, source, evercreds.WithShare(store), evercreds.WithShareKey(bytesOf(1)), evercreds.WithShareID("x"))
	}
	var sessions []*evercreds.Session
	for range 6 {
		sessions = append(sessions, another())
	}
	var sum evercreds.Status
	done := func(s *evercreds.Session) {
		st := s.Status()
		sum.ShareAdopted += st.ShareAdopted
		sum.SharePublished += st.SharePublished
		sum.ShareAlone += st.ShareAlone
		sum.ShareFailures += st.ShareFailures
		_ = s.Close()
	}
	for minute := range 24 * 60 {
		var all sync.WaitGroup
		for _, s := range sessions {
			all.Go(func() {
				begun := time.Now()
				if _, err := s.Retrieve(context.Background()); err != nil {
					t.Error(err)
				}
				if took := time.Since(begun); took > 16*time.Second {
					t.Errorf("a caller waited %v", took)
				}
			})
		}
		all.Wait()
		if minute%30 == 29 {
			at := minute / 30 % len(sessions)
			done(sessions[at])
			sessions[at] = another()
		}
		time.Sleep(time.Minute)
	}
	for _, s := range sessions {
		done(s)
	}
	if sum.ShareAdopted == 0 || sum.SharePublished == 0 || sum.ShareAlone == 0 || sum.ShareFailures == 0 {
		t.Errorf("adopted %d, published %d, alone %d, failed %d", sum.ShareAdopted, sum.SharePublished, sum.ShareAlone, sum.ShareFailures)
	}
	t.Logf("calls of the source %d; adopted %d, published %d, alone %d, failed %d", source.calls.Load(), sum.ShareAdopted, sum.SharePublished, sum.ShareAlone, sum.ShareFailures)
	time.Sleep(time.Hour) // what the store still had to do
}

func bytesOf(b byte) []byte {
	key := [32]byte{}
	for i := range key {
		key[i] = b
	}
	return key[:]
}
