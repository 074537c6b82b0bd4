//go:build go1.25

package sources

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Calls of a signer that never return keep others out for a quarter of an hour, not
// for ever; in virtual time.
func TestHangingCallsAreWrittenOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guard{places: make(chan struct{}, signersAtOnce)}
		release := make(chan struct{})
		call := func(f func()) error {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := g.call(ctx, func() ([]byte, error) { f(); return nil, nil })
			return err
		}
		hang, answer := func() { <-release }, func() {}
		for range signersAtOnce {
			if err := call(hang); !errors.Is(err, errSignerSilent) {
				t.Errorf("a call that hangs: %v", err)
			}
		}
		if err := call(answer); !errors.Is(err, errSignerBusy) {
			t.Errorf("beside calls that hang: %v", err)
		}
		time.Sleep(signerLost)
		for range 5 {
			if err := call(answer); err != nil {
				t.Errorf("when they are written off: %v", err)
			}
		}
		close(release)
		synctest.Wait()
		if len(g.places) != 0 {
			t.Errorf("%d places are taken", len(g.places))
		}
	})
}
