// Package millis converts between the machine's milliseconds and the types of
// package time. A duration has 64 bits of nanoseconds, 292 years, and the machine's
// instants go to the year 9999. A value that does not fit becomes the nearest one that
// does, and never wraps around into the past.
package millis

import (
	"context"
	"math"
	"time"

	"github.com/evercreds/evercreds/core"
)

const (
	longest = math.MaxInt64 / int64(time.Millisecond)
	// far is the last instant that is not "never".
	far = core.Never - 1
)

// Duration is a span of the machine's.
func Duration(ms int64) time.Duration {
	switch {
	case ms > longest:
		return math.MaxInt64
	case ms < -longest:
		return math.MinInt64
	}
	return time.Duration(ms) * time.Millisecond
}

// Until is the time from one instant to another on the elapsed clock, 0 where that
// is over.
func Until(at, now int64) time.Duration { return Duration(max(0, at-now)) }

// Patience is the last instant, on the elapsed clock, at which an attempt may begin
// that is of use to a caller with this context: the one before its deadline, when the
// caller is gone. It is [core.Never] without a deadline.
func Patience(ctx context.Context, elapsed int64) int64 {
	at, ok := ctx.Deadline()
	if !ok {
		return core.Never
	}
	return elapsed + max(0, (time.Until(at)-1).Milliseconds())
}

// Of is a span for the machine, rounded up: "at least" must not become less.
func Of(d time.Duration) int64 {
	ms := int64(d / time.Millisecond)
	if d%time.Millisecond > 0 {
		ms++
	}
	return ms
}

// At is an instant for the machine. UnixMilli by itself gives any number at all for
// the years that have more milliseconds than an int64.
func At(t time.Time) int64 {
	switch seconds := t.Unix(); {
	case seconds >= far/1000:
		return far
	case seconds <= -far/1000:
		return -far
	}
	return t.UnixMilli()
}
