//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/hostfuncs"
)

func TestAdvisoryOutageIsNobodysError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		s := open(t, v, evercreds.WithStability(evercreds.Strict), evercreds.WithMaxWait(0))
		defer s.Close()
		wantKey(t, s, 1, 0)
		v.err = errors.New("outage")
		v.latency = 3 * time.Second
		for time.Sleep(45 * time.Minute); s.Status().Phase == evercreds.PhaseAdvisory; time.Sleep(time.Second) {
			wantKey(t, s, 1, 0)
		}
		if n := v.calls.Load() - 1; n < 3 || n > 60 {
			t.Errorf("%d attempts in five minutes of outage", n)
		}
		status := s.Status()
		if status.LastError == nil || !errors.Is(status.LastError, v.err) {
			t.Errorf("the outage does not show in the status: %+v", status)
		}
		e := wantCode(t, s, evercreds.CodeSource, v.latency)
		if !errors.Is(e, v.err) || e.Class != evercreds.Recoverable || e.RetryAt.IsZero() {
			t.Errorf("got %+v", e)
		}
		v.err = nil
		time.Sleep(5 * time.Second)
		n := v.calls.Load()
		wantKey(t, s, n+1, v.latency)
	})
}

// A source that does not even heed its context: callers have their answer at
// the deadline, and what it brings later is still used.
func TestHungSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		release := make(chan struct{})
		v.fetch = func(context.Context, *hostfuncs.Flight) (hostfuncs.Result, error) {
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
		if st := s.Status(); st.LateAnswers != 1 || st.TimeOuts != 1 || st.Refreshes != 1 {
			t.Errorf("%+v", st)
		}
	})
}

// Even if the one timer is lost, a caller's own patience ends at the deadline.
func TestLostTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		v.fetch = func(context.Context, *hostfuncs.Flight) (hostfuncs.Result, error) {
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

// A late answer serves those who wait for the next flight; who forced that one
// still gets what it brings itself.
func TestLateAnswerServesTheWaitersOfTheNextFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		v.fetch = func(context.Context, *hostfuncs.Flight) (hostfuncs.Result, error) {
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

func TestStability(t *testing.T) {
	for _, c := range []struct {
		stability          evercreds.Stability
		mandatory, expired bool // served
	}{{evercreds.Strict, false, false}, {evercreds.UntilExpiry, true, false}, {evercreds.Static, true, true}} {
		synctest.Test(t, func(t *testing.T) {
			v := &vault{}
			s := open(t, v, evercreds.WithStability(c.stability))
			defer s.Close()
			wantKey(t, s, 1, 0)
			v.err = errors.New("outage")
			time.Sleep(55 * time.Minute)
			if _, err := s.Retrieve(t.Context()); (err == nil) != c.mandatory {
				t.Errorf("stability %d, mandatory: %v", c.stability, err)
			}
			if d := s.Status().Degraded; d != c.mandatory {
				t.Errorf("stability %d: degraded %v", c.stability, d)
			}
			time.Sleep(10 * time.Minute)
			if _, err := s.Retrieve(t.Context()); (err == nil) != c.expired {
				t.Errorf("stability %d, expired: %v", c.stability, err)
			}
		})
	}
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

func TestSourceThatDies(t *testing.T) {
	for name, die := range map[string]func(){
		"panic": func() { panic("sentinel-secret") }, "exit": runtime.Goexit,
	} {
		synctest.Test(t, func(t *testing.T) {
			v := &vault{}
			v.fetch = func(context.Context, *hostfuncs.Flight) (hostfuncs.Result, error) {
				die()
				return hostfuncs.Result{}, nil
			}
			s := open(t, v, toTheLetter()...)
			defer s.Close()
			e := wantCode(t, s, evercreds.CodeAbandoned, 0)
			t.Log(name, e)
			v.fetch = nil
			wantKey(t, s, 2, 0)
		})
	}
}
