//go:build go1.25

package evercreds_test

import (
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/stacks"
)

// After Close nothing of the session's runs, idle connections included.
func TestCloseLeavesNothingRunning(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	for _, hang := range []bool{false, true} {
		cfg.HTTPClient = nil
		if hang {
			cfg.HTTPClient = awshttp.NewBuildableClient() // as config.LoadDefaultConfig gives
		}
		s := newSTS(t, cfg, evercreds.WithEager())
		if _, err := s.Identity(t.Context()); err != nil {
			t.Fatal(err)
		}
		if hang {
			inject(t, standIn, awstest.Fault{Kind: awstest.KindHang})
			go func() { _, _ = s.Refresh(t.Context()) }()
			for !s.Status().Refreshing {
				runtime.Gosched()
			}
		}
		s.Close()
		wantNothingRunning(t)
	}
}

// Calls that overlap with Close do not leave their connections behind either.
func TestCloseDuringIdentity(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	for i := range 10 {
		s := newSTS(t, cfg)
		closeAmidCalls(t, s, time.Duration(i)*time.Millisecond, func() error { _, err := s.Identity(t.Context()); return err })
	}
	wantNothingRunning(t)
}

// closeAmidCalls closes a session while twenty callers call, until each is told.
func closeAmidCalls(t *testing.T, s *evercreds.Session, after time.Duration, call func() error) {
	t.Helper()
	if err := call(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			var e *evercreds.Error
			for e == nil {
				if err := call(); err != nil && (!errors.As(err, &e) || e.Code != evercreds.CodeClosed) {
					t.Error(err)
					return
				}
			}
		})
	}
	time.Sleep(after)
	s.Close()
	all.Wait()
}

func wantNothingRunning(t *testing.T) {
	t.Helper()
	// connections end a moment after they are closed
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		left := ours()
		if left == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("still running:\n%s", left)
		}
	}
}

// ours gives the stacks of goroutines that a session or its connections run.
func ours() string { return stacks.Of("evercreds.(*Session)", "http.(*persistConn)") }
