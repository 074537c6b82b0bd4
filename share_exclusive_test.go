//go:build go1.25 && (linux || darwin)

package evercreds_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/share"
)

// sickFile is a file store that is sick before it is asked, as [sickStore] is.
type sickFile struct {
	*sickStore
	file *share.FileStore
}

func (s sickFile) Figures() share.Figures   { return s.file.Figures() }
func (s sickFile) DataKey() ([]byte, error) { return s.file.DataKey() }

func (s sickFile) Campaign(ctx context.Context, key string, c share.Campaign) (share.Turn, error) {
	if err := s.ill(ctx); err != nil {
		return share.Turn{}, err
	}
	return s.file.Campaign(ctx, key, c)
}

// prompts counts the persons who are asked at a time.
type prompts struct{ now, most, all atomic.Int64 }

func (p *prompts) fetch(ctx context.Context, _ *evercreds.Flight) (evercreds.Result, error) {
	if n := p.now.Add(1); n > p.most.Load() {
		p.most.Store(n)
	}
	defer p.now.Add(-1)
	begun := time.Now()
	select {
	case <-time.After(3 * time.Second):
	case <-ctx.Done():
		return evercreds.Result{}, ctx.Err()
	}
	return (&vault{}).set(p.all.Add(1), begun), nil
}

// four sessions whose sources prompt a person share for a day by files that are sick;
// callers ask each five minutes; one session after the other is closed, and opened anew:
// there is never more than one prompt at a time, and callers get a set or are told that
// another has the turn, or that there is no lock.
func TestOnePromptAtATime(t *testing.T) {
	for seed := range uint64(3) {
		dir := groupDir(t)
		synctest.Test(t, func(t *testing.T) { aDayOfPrompts(t, dir, seed) })
	}
}

func aDayOfPrompts(t *testing.T, dir string, seed uint64) {
	var asked prompts
	var served atomic.Int64
	opened := uint64(0)
	another := func() *evercreds.Session {
		opened++
		file := fileStore(t, dir)
		sick := sickFile{&sickStore{Store: file, rng: rand.New(rand.NewPCG(seed, opened))}, file}
		return open(t, &vault{attend: true, fetch: asked.fetch}, evercreds.WithShare(sick), evercreds.WithShareID("x"))
	}
	sessions := []*evercreds.Session{another(), another(), another(), another()}
	for round := range 24 * 12 {
		var all sync.WaitGroup
		for _, s := range sessions {
			all.Go(func() {
				_, err := s.Retrieve(context.Background())
				switch failed := (*evercreds.Error)(nil); {
				case err == nil:
					served.Add(1)
				case !errors.As(err, &failed), failed.Code != evercreds.CodeShareBusy && failed.Code != evercreds.CodeShareLock:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if round%6 == 5 {
			at := round / 6 % len(sessions)
			_ = sessions[at].Close()
			sessions[at] = another()
			// A lock whose end the store has lost goes with the process, which is its file here.
			runtime.GC()
		}
		time.Sleep(5 * time.Minute)
	}
	for _, s := range sessions {
		_ = s.Close()
	}
	if asked.most.Load() != 1 || asked.all.Load() > 40 || served.Load() < 500 {
		t.Errorf("%d prompts at a time, %d in all; %d callers were served", asked.most.Load(), asked.all.Load(), served.Load())
	}
	time.Sleep(time.Hour) // what the store still had to do
}
