//go:build go1.25

package host_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

// counting counts what waiters ask when they wake.
type counting struct {
	host.Core
	answers *int
}

func (c counting) Answer(ticket int64, now core.Now, need core.Need, forced bool) (core.Decision, error) {
	*c.answers++ // under the host's lock
	return c.Core.Answer(ticket, now, need, forced)
}

// callers A wait, B waits with a need, C refreshes; source answers: one asks for all of A,
// and B and C for themselves. Whoever comes first, no more than three ask.
func TestTheFirstWhoWakesAsksForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers, gate := 0, make(chan struct{})
		h := openWith(t, &sync.Mutex{}, counting{host.Core{Session: core.New()}, &answers}, func(context.Context) (sources.Credentials, error) {
			<-gate
			return set(), nil
		})
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if got, err := h.Credentials(t.Context(), core.Need{}); err != nil || got.AccessKeyID != "k" {
					t.Error(got, err)
				}
			})
		}
		all.Go(func() {
			if _, err := h.Credentials(t.Context(), core.Need{MinTTL: 2 * time.Hour.Milliseconds()}); err == nil {
				t.Error("an hour's set is enough for two")
			}
		})
		all.Go(func() {
			if _, err := h.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		close(gate)
		all.Wait()
		if answers > 3 {
			t.Errorf("the machine was asked %d times", answers)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}
