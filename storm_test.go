//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"
)

// Callers come and go. A caller that gives up is freed while the flight is under way,
// and the flight continues for the others. At the first call, in the mandatory window
// and after a rejection the stand-in is asked once.
func TestHalfOfFiveHundredCallersGiveUp(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, time.Hour)
	var impatient sync.WaitGroup
	cfg.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
		impatient.Wait() // the flight lasts until they have gone, however slow the machine is
		return http.DefaultClient.Do(r)
	})
	var clock turned
	s := newSTS(t, cfg, clock.option())
	wait := func(patience time.Duration) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if patience > 0 {
			defer impatient.Done()
			time.AfterFunc(patience, cancel)
		}
		_, err := s.Retrieve(ctx)
		if (patience > 0) != errors.Is(err, context.Canceled) || patience == 0 && err != nil {
			t.Errorf("after %v: %v", patience, err)
		}
	}
	for round := 1; round <= 3; round++ {
		var all sync.WaitGroup
		impatient.Add(250)
		for i := range 250 {
			all.Go(func() { wait(0) })
			all.Go(func() { wait(time.Duration(i+1) * 400 * time.Microsecond) })
		}
		all.Wait()
		if got := standIn.Counts().Roles[roleARN].Attempts; got != round {
			t.Fatalf("round %d: %d calls", round, got)
		}
		st := s.Status()
		if round == 1 {
			clock.on(st.Remaining - st.MandatoryTimeout + 50*time.Millisecond)
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
			for end := time.Now().Add(time.Minute); s.Status().Installs < 3 && time.Now().Before(end); {
				callFor(t, s, cfg, 2, time.Second)
			}
			c, err := s.Retrieve(t.Context())
			if left := time.Until(c.Expires); err != nil || left <= 0 || left > 4*time.Second {
				t.Errorf("%v left by the host's clock, %v", left, err)
			}
			if n := s.Status().Installs; n < 3 {
				t.Errorf("%d sets", n)
			}
		})
	}
}
