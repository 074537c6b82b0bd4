//go:build go1.25

package millis_test

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/millis"
)

func TestSpansThatDoNotFit(t *testing.T) {
	for ms, want := range map[int64]time.Duration{
		0: 0, 1: time.Millisecond, -1: -time.Millisecond, 3_600_000: time.Hour,
		9_223_372_036_854:  9_223_372_036_854 * time.Millisecond,
		9_223_372_036_855:  math.MaxInt64,
		-9_223_372_036_855: math.MinInt64,
		core.Never:         math.MaxInt64, math.MaxInt64: math.MaxInt64, math.MinInt64: math.MinInt64,
	} {
		if got := millis.Duration(ms); got != want {
			t.Errorf("%d ms: got %d, want %d", ms, got, want)
		}
	}
	if got := millis.Until(5, 7); got != 0 {
		t.Errorf("what is over: %v", got)
	}
}

func TestSpansAreRoundedUp(t *testing.T) {
	for d, want := range map[time.Duration]int64{
		0: 0, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2, -1: 0, -time.Millisecond: -1,
		math.MaxInt64: 9_223_372_036_855, math.MinInt64: -9_223_372_036_854,
	} {
		if got := millis.Of(d); got != want {
			t.Errorf("%d: got %d, want %d", d, got, want)
		}
	}
}

func TestInstantsThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		want int64
	}{
		{time.UnixMilli(1_800_000_000_123), 1_800_000_000_123},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), 253_402_300_799_000},
		{time.Date(292277026596, 12, 4, 15, 30, 7, 0, time.UTC), core.Never - 1},
		{time.Unix(math.MaxInt64, 0), core.Never - 1},
		{time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC), -62_135_596_800_000},
		{time.Unix(math.MinInt64, 0), -core.Never + 1},
		{time.Date(-200000, 1, 1, 0, 0, 0, 0, time.UTC), -core.Never + 1},
	} {
		if got := millis.At(c.at); got != c.want {
			t.Errorf("%v: got %d, want %d", c.at, got, c.want)
		}
	}
}

// An attempt that begins at the deadline itself is of use to nobody.
func TestPatienceEndsBeforeTheDeadline(t *testing.T) {
	if got := millis.Patience(t.Context(), 7); got != core.Never {
		t.Errorf("without a deadline: got %d", got)
	}
	synctest.Test(t, func(t *testing.T) {
		for left, want := range map[time.Duration]int64{
			-time.Hour: 7, 0: 7, 1: 7, time.Millisecond: 7, time.Millisecond + 1: 8, 2 * time.Second: 2006, math.MaxInt64: 7 + 9_223_372_036_854,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			if got := millis.Patience(ctx, 7); got != want {
				t.Errorf("%v left: got %d, want %d", left, got, want)
			}
			cancel()
		}
	})
}
