//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// Callers come and go: whose patience ends is freed, and the flight goes on for
// the others. At the first call, in the mandatory window and after a rejection
// the stand-in is asked once.
func TestFiveHundredCallersOfWhomHalfGiveUp(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 4*time.Second)
	const latency = 300 * time.Millisecond
	inject(t, standIn, awstest.Fault{Kind: awstest.KindLatency, Action: awstest.ActionAssumeRole, LatencyMs: latency.Milliseconds()})
	s := newSTS(t, cfg)
	wait := func(i int) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		impatient := i%2 == 0
		if impatient {
			time.AfterFunc(latency/3, cancel)
		}
		start := time.Now()
		_, err := s.Retrieve(ctx)
		if impatient && (!errors.Is(err, context.Canceled) || time.Since(start) > latency) {
			t.Errorf("gave up: %v after %v", err, time.Since(start))
		}
		if !impatient && err != nil {
			t.Error(err)
		}
	}
	for round := 1; round <= 3; round++ {
		var all sync.WaitGroup
		for i := range 500 {
			all.Go(func() { wait(i) })
		}
		all.Wait()
		if got := standIn.Counts().Roles[roleARN].Attempts; got != round {
			t.Fatalf("round %d: %d calls", round, got)
		}
		st := s.Status()
		if round == 1 {
			time.Sleep(st.Remaining - st.Mandatory + 50*time.Millisecond)
			continue
		}
		held, err := s.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 500 {
			all.Go(func() { s.Invalidate(held) })
		}
		all.Wait()
	}
}

// The server's clock and the host's are hours apart.
func TestClocksHoursApart(t *testing.T) {
	for _, offset := range []time.Duration{5 * time.Hour, -5 * time.Hour} {
		t.Run(offset.String(), func(t *testing.T) {
			t.Parallel()
			standIn, cfg := startStandIn(t, 4*time.Second)
			if err := standIn.SetClockOffset(offset); err != nil {
				t.Fatal(err)
			}
			s := newSTS(t, cfg)
			callFor(t, s, cfg, 2, 6*time.Second)
			c, err := s.Retrieve(t.Context())
			if left := time.Until(c.Expires); err != nil || left <= 0 || left > 4*time.Second {
				t.Errorf("%v left by the host's clock, %v", left, err)
			}
			if n := s.Status().Installed; n < 3 {
				t.Errorf("%d sets", n)
			}
		})
	}
}
