package hostfuncs

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
)

// ends is a source whose sets end when the test says.
type ends struct{ result evercreds.Result }

func (*ends) Method() core.Method { return core.MethodCustom }

func (e *ends) Fetch(context.Context, *evercreds.Flight) (evercreds.Result, error) {
	return e.result, nil
}

// Whatever end a set has, callers are answered at once, and a session that keeps
// itself fresh sleeps.
func TestAnyEndOfASet(t *testing.T) {
	year := func(y int) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	var looks atomic.Int64
	real := host.Place{}.Filled().Clock
	rt := newRuntime(t, modules.plain, func() core.Now { looks.Add(1); return real() })
	for end, usable := range map[time.Time]bool{
		year(1).Add(1): false, year(1970): false, time.UnixMilli(1): false, year(2262): true, year(2300): true,
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC): true, year(10001): true, time.UnixMilli(core.Never): true,
		time.UnixMilli(math.MaxInt64): true, time.UnixMilli(math.MinInt64): false,
		year(292277026596): true, time.Unix(math.MaxInt64, 0): true, time.Unix(math.MinInt64, 0): false,
	} {
		for _, deferred := range []bool{false, true} {
			set := evercreds.Credentials{AccessKeyID: "key", SecretAccessKey: "example", SessionToken: "example", Expires: end}
			s := openSession(t, rt, &ends{evercreds.Result{Credentials: set}}, evercreds.WithDeferRefresh(deferred))
			var own *evercreds.Error
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			_, err := s.Retrieve(ctx)
			cancel()
			if usable != (err == nil) || err != nil && !errors.As(err, &own) {
				t.Errorf("%d s, deferred %v: got %v", end.Unix(), deferred, err)
			}
			before := looks.Load()
			time.Sleep(50 * time.Millisecond)
			if n := looks.Load() - before; n > 100 {
				t.Errorf("%d s, deferred %v: %d looks at the clock by an idle session", end.Unix(), deferred, n)
			}
			s.Close()
		}
	}
}

// Numbers that the module takes for no numbers at all are none that a source can
// make it see.
func TestLongestSpans(t *testing.T) {
	h := &hands{}
	src := &source{hands: h, err: &evercreds.SourceError{RetryAfter: math.MaxInt64}}
	rt := newRuntime(t, modules.plain, h.now)
	s := openSession(t, rt, src)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var own *evercreds.Error
	for _, pause := range []time.Duration{math.MaxInt64, math.MinInt64} {
		src.set(&evercreds.SourceError{RetryAfter: pause}, nil)
		if _, err := s.Refresh(ctx); !errors.As(err, &own) || own.Code != evercreds.CodeSource {
			t.Errorf("%d: got %v", pause, err)
		}
	}
	src.set(nil, nil)
	if _, err := s.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Credentials(ctx, evercreds.MinTTL(36*time.Hour)); !errors.As(err, &own) || own.Code != evercreds.CodeMinTTL {
		t.Errorf("got %v", err)
	}
	odd := evercreds.Result{Duration: math.MinInt64, ServerTime: time.Unix(math.MinInt64, 0)}
	odd.Credentials = evercreds.Credentials{AccessKeyID: "k", SecretAccessKey: "s", SessionToken: "t", Expires: time.UnixMilli(wall0).Add(time.Hour)}
	if _, err := openSession(t, rt, &ends{odd}).Retrieve(ctx); err != nil {
		t.Error(err)
	}
}
