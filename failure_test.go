//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
)

// A source that does not even heed its context: callers have their answer at
// the deadline, and what it brings later is still used.
func TestHungSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		release := make(chan struct{})
		v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
			<-release
			return v.set(1, time.Now()), nil
		}
		s := open(t, v, toTheLetter(evercreds.WithRefreshTimeout(5*time.Second))...)
		defer s.Close()
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				e := wantCode(t, s, evercreds.CodeTimedOut, 5*time.Second-time.Duration(i)*time.Millisecond)
				if e.Class != evercreds.Recoverable {
					t.Errorf("class %v", e.Class)
				}
			})
		}
		all.Wait()
		if n := v.calls.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
		close(release)
		synctest.Wait()
		wantKey(t, s, 1, 0)
		if st := s.Status(); st.LateAnswers != 1 || st.TimeOuts != 1 || st.Starts != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// Even if the one timer is lost, a caller's own patience ends at the deadline.
func TestLostTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
			time.Sleep(time.Minute)
			return v.set(1, time.Now()), nil
		}
		s := open(t, v, toTheLetter(evercreds.WithRefreshTimeout(5*time.Second), evercreds.WithEager())...)
		defer s.Close()
		s.LoseTimer()
		wantCode(t, s, evercreds.CodeTimedOut, 5*time.Second)
		time.Sleep(time.Minute)
		wantKey(t, s, 1, 0)
	})
}

// A late answer serves the waiters of the next flight. A caller that forced that flight
// still gets what it brings itself.
func TestLateAnswerServesTheWaitersOfTheNextFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
			n, started := v.calls.Load(), time.Now()
			time.Sleep(map[int64]time.Duration{1: 6 * time.Second, 2: 3 * time.Second}[n])
			return v.set(n, started), nil
		}
		s := open(t, v, toTheLetter(evercreds.WithRefreshTimeout(5*time.Second))...)
		defer s.Close()
		wantCode(t, s, evercreds.CodeTimedOut, 5*time.Second)
		var all sync.WaitGroup
		all.Go(func() {
			start := time.Now()
			c, err := s.Refresh(t.Context())
			if err != nil || c.AccessKeyID != key(2) || time.Since(start) != 3*time.Second {
				t.Errorf("forced: got %s, %v after %v", c.AccessKeyID, err, time.Since(start))
			}
		})
		synctest.Wait()
		wantKey(t, s, 1, time.Second)
		all.Wait()
		wantKey(t, s, 2, 0)
	})
}

// A source that heeds its context reports at the very deadline: the same
// outcome, whichever timer fires first.
func TestTimedOutSourceIsOneOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 20 {
			v := &vault{latency: time.Hour}
			s := open(t, v, toTheLetter(evercreds.WithRefreshTimeout(5*time.Second))...)
			wantCode(t, s, evercreds.CodeTimedOut, 5*time.Second)
			s.Close()
		}
	})
}

func TestIdleOutageIsMetAtABoundedPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{err: errors.New("outage")}
		s := open(t, v, evercreds.WithEager())
		defer s.Close()
		time.Sleep(24 * time.Hour)
		if n := v.calls.Load(); n < 200 || n > 600 {
			t.Errorf("%d attempts in a day, want one in 150 to 300 s", n)
		}
	})
}

func TestSourceThatAsksItsOwnSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *evercreds.Session
		s, err := evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
			_, err := s.Retrieve(ctx)
			return evercreds.Credentials{}, err
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if e := wantCode(t, s, evercreds.CodeSource, 0); !errors.Is(e, evercreds.ErrReentrant) {
			t.Errorf("got %v", e)
		}
	})
}
