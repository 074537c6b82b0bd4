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

// Each code that programs ask for is found by errors.Is, and no other is.
func TestSentinels(t *testing.T) {
	sentinels := map[evercreds.Code]error{
		evercreds.CodeClosed: evercreds.ErrClosed, evercreds.CodeTimedOut: evercreds.ErrTimedOut,
		evercreds.CodeRejected: evercreds.ErrRejected, evercreds.CodeMinTTL: evercreds.ErrMinTTL,
		evercreds.CodeReentrant: evercreds.ErrReentrant,
	}
	for code := evercreds.CodeReentrant; code <= evercreds.CodeShareLock; code++ {
		for of, sentinel := range sentinels {
			if errors.Is(&evercreds.Error{Code: code}, sentinel) != (of == code) {
				t.Errorf("an error of code %q: errors.Is(err, %v) is wrong", code, sentinel)
			}
		}
	}
}

// caller A asks; source does not answer; A gets the time-out. The session is closed; A
// asks: A gets that error.
func TestSentinelsOfRealErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &vault{latency: time.Hour}, evercreds.WithRefreshTimeout(time.Minute), evercreds.WithMaxWait(0))
		if _, err := s.Retrieve(context.Background()); !errors.Is(err, evercreds.ErrTimedOut) {
			t.Errorf("got %v", err)
		}
		s.Close()
		if _, err := s.Retrieve(context.Background()); !errors.Is(err, evercreds.ErrClosed) || errors.Is(err, evercreds.ErrTimedOut) {
			t.Errorf("got %v", err)
		}
	})
}
