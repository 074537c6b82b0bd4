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

// sick is a source that fails in 3 ms until it is well.
func sick(until time.Duration, class evercreds.Class) *vault {
	v, begun := &vault{}, time.Now()
	v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
		n, started := v.calls.Load(), time.Now()
		time.Sleep(3 * time.Millisecond)
		if time.Since(begun) < until {
			return evercreds.Result{}, &evercreds.SourceError{Class: class, Message: "down"}
		}
		return v.set(n, started), nil
	}
	return v
}

// answers has many callers ask at once, and gives how many were served, how many got
// an *Error, and how long the last one waited.
func answers(t *testing.T, s *evercreds.Session, callers int, patience time.Duration) (served, failed int, longest time.Duration) {
	t.Helper()
	var mu sync.Mutex
	var all sync.WaitGroup
	start := time.Now()
	for range callers {
		all.Go(func() {
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if patience > 0 {
				ctx, cancel = context.WithTimeout(ctx, patience)
			}
			defer cancel()
			_, err := s.Retrieve(ctx)
			mu.Lock()
			defer mu.Unlock()
			longest = max(longest, time.Since(start))
			var e *evercreds.Error
			switch {
			case err == nil:
				served++
			case errors.As(err, &e):
				failed++
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	return served, failed, longest
}

// source fails; 200 callers ask at once and wait: one attempt for each hold-off, and
// all get one answer.
func TestTwoHundredCallersOfASickSource(t *testing.T) {
	for _, c := range []struct {
		name           string
		down, patience time.Duration
		class          evercreds.Class
		served         bool
		least, most    time.Duration // that the last one waits
		calls          int64         // at most
	}{
		{"down 5 s", 5 * time.Second, 0, evercreds.Recoverable, true, 5 * time.Second, 10100 * time.Millisecond, 11},
		{"down 24 s", 24 * time.Second, 0, evercreds.Recoverable, true, 24 * time.Second, 30100 * time.Millisecond, 18},
		{"down 10 min", 10 * time.Minute, 0, evercreds.Recoverable, false, 25 * time.Second, 30100 * time.Millisecond, 18},
		{"permanent", 10 * time.Minute, 0, evercreds.Permanent, false, 3 * time.Millisecond, 3 * time.Millisecond, 1},
		{"ctx of 1 s", 10 * time.Minute, time.Second, evercreds.Recoverable, false, 0, time.Second, 5},
	} {
		synctest.Test(t, func(t *testing.T) {
			v := sick(c.down, c.class)
			s := open(t, v)
			defer s.Close()
			served, failed, longest := answers(t, s, 200, c.patience)
			if c.served != (served == 200) || c.served == (failed == 200) || longest < c.least || longest > c.most || v.calls.Load() > c.calls {
				t.Errorf("%s: %d served, %d failed, the last after %v, %d calls", c.name, served, failed, longest, v.calls.Load())
			}
		})
	}
}

// An option says how long a caller waits. If the next attempt would come too late, the
// caller gets the error at once.
func TestMaxWait(t *testing.T) {
	for _, c := range []struct {
		wait, pause, want time.Duration
	}{{0, 0, 0}, {time.Minute, 0, time.Minute}, {5 * time.Second, 20 * time.Second, 0}} {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, &vault{err: &evercreds.SourceError{Message: "down", RetryAfter: c.pause}}, evercreds.WithMaxWait(c.wait))
			defer s.Close()
			start := time.Now()
			_, err := s.Retrieve(t.Context())
			var e *evercreds.Error
			if d := time.Since(start); !errors.As(err, &e) || d > c.want || d < c.want-5*time.Second {
				t.Errorf("max wait %v, pause %v: got %v after %v", c.wait, c.pause, err, d)
			}
		})
	}
	for _, bad := range []time.Duration{-1, time.Hour + 1} {
		var p *evercreds.ParameterError
		if _, err := evercreds.New(&vault{}, evercreds.WithMaxWait(bad)); !errors.As(err, &p) || p.Parameter != "max_wait" {
			t.Errorf("%v: got %v", bad, err)
		}
	}
}

// source fails; A's deadline is the instant at which the next attempt may begin: A gets
// the reason at once, since an attempt that begins at the deadline serves nobody.
func TestNoAttemptBeginsAtTheDeadline(t *testing.T) {
	for range 30 { // timers of one instant fire in any order
		synctest.Test(t, func(t *testing.T) {
			s := open(t, &vault{err: &evercreds.SourceError{Message: "down", RetryAfter: 2 * time.Second}})
			defer s.Close()
			var e *evercreds.Error
			if _, err := s.Refresh(t.Context()); !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			ctx, cancel := context.WithDeadline(t.Context(), e.RetryAt)
			defer cancel()
			start := time.Now()
			if _, err := s.Retrieve(ctx); !errors.As(err, &e) || e.Code != evercreds.CodeSource || time.Since(start) != 0 {
				t.Errorf("got %v after %v", err, time.Since(start))
			}
		})
	}
}
