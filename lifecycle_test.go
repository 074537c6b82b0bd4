//go:build go1.25

package evercreds_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
)

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{latency: time.Minute}
		s := open(t, v, evercreds.WithEager())
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { wantCode(t, s, evercreds.CodeClosed, time.Second) })
		}
		time.Sleep(time.Second)
		s.Close()
		all.Wait()
		wantCode(t, s, evercreds.CodeClosed, 0)
		if _, err := s.Refresh(t.Context()); err == nil {
			t.Error("a closed session refreshes")
		}
		if st := s.Status(); !st.Closed || s.SetsKept() != 0 {
			t.Errorf("%+v", st)
		}
		s.Close()
		// the bubble fails the test if anything of the session's still runs
	})
}

func TestCloseForgetsTheCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &vault{})
		wantKey(t, s, 1, 0)
		s.Close()
		if n := s.SetsKept(); n != 0 {
			t.Errorf("%d sets are kept", n)
		}
		wantCode(t, s, evercreds.CodeClosed, 0)
	})
}

func TestCloseLeavesADeafFunctionBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		release := make(chan struct{})
		v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
			<-release
			return v.set(1, time.Now()), nil
		}
		s := open(t, v, evercreds.WithEager())
		start := time.Now()
		s.Close()
		if d := time.Since(start); d != time.Second {
			t.Errorf("Close took %v", d)
		}
		close(release)
		synctest.Wait()
		if s.SetsKept() != 0 {
			t.Error("a closed session keeps credentials")
		}
	})
}

// A person may take longer than the refresh timeout, which starts with the
// answer; and nobody is asked ahead of need.
func TestAttendedSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{attend: true}
		thinks, works := 14*time.Minute+58*time.Second, 4*time.Second
		v.fetch = func(ctx context.Context, f *evercreds.Flight) (evercreds.Result, error) {
			time.Sleep(thinks)
			f.Prompted()
			select {
			case <-time.After(works):
				return v.set(v.calls.Load(), time.Now()), nil
			case <-ctx.Done():
				return evercreds.Result{}, ctx.Err()
			}
		}
		s := open(t, v, toTheLetter(evercreds.WithRefreshTimeout(5*time.Second), evercreds.WithEager())...)
		defer s.Close()
		wantKey(t, s, 1, thinks+works)
		time.Sleep(46 * time.Minute)
		wantKey(t, s, 1, 0)
		if n := v.calls.Load(); n != 1 {
			t.Errorf("a person was asked %d times ahead of need", n)
		}
		works = time.Minute
		time.Sleep(10 * time.Minute)
		wantCode(t, s, evercreds.CodeTimedOut, thinks+5*time.Second)
	})
}
