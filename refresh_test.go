//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

func TestOneFetchForAllCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{latency: time.Second}
		s := open(t, v)
		defer s.Close()
		for round := int64(1); round <= 20; round++ {
			var all sync.WaitGroup
			for range 200 {
				all.Go(func() {
					c, err := s.Retrieve(t.Context())
					if err != nil || c.AccessKeyID != key(round) || !c.CanExpire || time.Until(c.Expires) <= 0 || c.Source != "evercreds" {
						t.Errorf("round %d: got %s, %v", round, c.AccessKeyID, err)
					}
				})
			}
			all.Wait()
			if n := v.calls.Load(); n != round {
				t.Fatalf("%d fetches in round %d", n, round)
			}
			if n := s.SetsKept(); n != 1 {
				t.Fatalf("%d sets are kept", n)
			}
			time.Sleep(51 * time.Minute) // into the mandatory window
		}
	})
}

func TestCancelledCallerLeavesTheFlightAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{latency: 10 * time.Second}
		s := open(t, v)
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.Retrieve(ctx)
		var cancelled *aws.RequestCanceledError
		if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &cancelled) {
			t.Fatalf("got %v", err)
		}
		wantKey(t, s, 1, 9*time.Second)
		if n := v.calls.Load(); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

// If background work is frozen between calls, the first caller in the advisory window
// runs the refresh, and nobody waits for an attempt to begin.
func TestOnLambdaRefreshesAreInline(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
	synctest.Test(t, func(t *testing.T) {
		v := &vault{latency: 2 * time.Second}
		s := open(t, v)
		defer s.Close()
		wantKey(t, s, 1, 2*time.Second)
		time.Sleep(46 * time.Minute)
		wantKey(t, s, 2, 2*time.Second)
		v.err = errors.New("outage")
		time.Sleep(61 * time.Minute)
		wantCode(t, s, evercreds.CodeSource, 2*time.Second)
	})
}
