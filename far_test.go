//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/millis"
)

// oddEnds are ends of sets that a source may bring: by mistake, or since its sets
// do not end. Those before 1970 are refused, and those after the year 9999 end then.
var oddEnds = []time.Time{
	time.Date(-292277022399, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC),
	time.Unix(0, 0), time.Unix(0, 1), time.UnixMilli(-1), time.UnixMilli(1), time.Unix(1, 0),
	time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC), // the bubble's clock begins at 2000
	time.Date(2000, 1, 1, 0, 0, 0, 1, time.UTC), time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC),
	time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC),
	time.Date(2292, 4, 11, 0, 0, 0, 0, time.UTC), time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	time.UnixMilli(core.Never - 1), time.UnixMilli(core.Never), time.UnixMilli(math.MaxInt64), time.UnixMilli(math.MinInt64),
	time.Date(292277026596, 12, 4, 15, 30, 7, 0, time.UTC), time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0),
}

// Whatever end a set has, an idle session sleeps, no span is negative, and an error
// names what is refused.
func TestAnyEndOfASet(t *testing.T) {
	ends := oddEnds
	for range 40 {
		ends = append(ends, time.UnixMilli(rand.Int64()>>rand.IntN(63)), time.Unix(rand.Int64()>>rand.IntN(63), rand.Int64()))
	}
	for _, end := range ends {
		for _, policy := range []evercreds.Policy{evercreds.Classic, evercreds.Adaptive, evercreds.AWS2026} {
			for _, lazy := range []bool{true, false} {
				name := fmt.Sprintf("%d s + %d ns, policy %d, deferred %v", end.Unix(), end.Nanosecond(), policy, lazy)
				synctest.Test(t, func(t *testing.T) {
					playEnd(t, name, end, evercreds.WithPolicy(policy), evercreds.WithDeferRefresh(lazy))
				})
			}
		}
	}
}

func playEnd(t *testing.T, name string, end time.Time, opts ...evercreds.Option) {
	var looks atomic.Int64
	start := time.Now()
	clock := func() core.Now {
		if looks.Add(1) > 20_000 {
			panic(name + ": a session that is idle keeps looking at the clock")
		}
		now := time.Now()
		return core.Now{Wall: now.UnixMilli(), Elapsed: now.Sub(start).Milliseconds()}
	}
	v := &vault{}
	v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
		r := v.set(1, time.Now())
		r.Expires = end
		return r, nil
	}
	s, err := evercreds.New(v, append(opts, evercreds.At(clock))...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	held := false // AWS2026 serves an expired set on; what a source brings expired it does not
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		c, err := s.Retrieve(ctx)
		cancel()
		st := s.Status()
		for what, span := range map[string]time.Duration{
			"remaining": st.Remaining, "lifetime": st.Lifetime, "advisory": st.AdvisoryTimeout, "mandatory": st.MandatoryTimeout, "hold-off": st.HoldOff,
		} {
			if span < 0 {
				t.Errorf("%s: %s is %v", name, what, span)
			}
		}
		var e *evercreds.Error
		const last = 253402300799999 // of the year 9999
		at := min(millis.At(end), last)
		switch usable := at > time.Now().UnixMilli(); {
		case usable && (err != nil || c.Expires.UnixMilli() != at || st.Remaining == 0 || st.Lifetime == 0):
			t.Errorf("%s: %v, until %v, %+v", name, err, c.Expires, st)
		case !usable && !held && !errors.As(err, &e):
			t.Errorf("%s: got %v", name, err)
		}
		held = held || err == nil && st.Installs > 0 && strings.Contains(name, "policy 2")
		time.Sleep(5 * time.Hour)
	}
}

// The longest MinTTL, pause and lifetime that there are.
func TestLongestSpans(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		s := open(t, v)
		defer s.Close()
		wantKey(t, s, 1, 0)
		var e *evercreds.Error
		var refused *evercreds.ParameterError
		for _, span := range []time.Duration{-1, 36*time.Hour + 1, math.MaxInt64} {
			if _, err := s.Credentials(t.Context(), evercreds.MinTTL(span)); !errors.As(err, &refused) || refused.Parameter != "MinTTL" {
				t.Errorf("MinTTL %d: got %v", span, err)
			}
		}
		if _, err := s.Credentials(t.Context(), evercreds.MinTTL(36*time.Hour)); !errors.As(err, &e) || e.Code != evercreds.CodeMinTTL {
			t.Errorf("got %v", err)
		}
		for _, pause := range []time.Duration{math.MaxInt64, math.MinInt64} {
			v.err = &evercreds.SourceError{Message: "later", RetryAfter: pause}
			if _, err := s.Refresh(t.Context()); !errors.As(err, &e) || time.Until(e.RetryAt) > time.Minute {
				t.Errorf("got %v", err)
			}
		}
		v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
			r := v.set(9, time.Now())
			r.Duration, r.ServerTime = math.MinInt64, time.Unix(math.MinInt64, 0)
			return r, nil
		}
		if _, err := s.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
