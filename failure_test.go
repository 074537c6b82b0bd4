//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
)

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
