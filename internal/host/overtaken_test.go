//go:build go1.25

package host_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

// overtaken is a lock whose holder is overtaken, where then is set: what others do comes
// between its unlocking and whatever the holder does next.
type overtaken struct {
	sync.Mutex
	then func()
}

func (o *overtaken) Unlock() {
	then := o.then
	o.then = nil
	o.Mutex.Unlock()
	if then != nil {
		then()
	}
}

func (o *overtaken) by(then func()) {
	o.Lock()
	defer o.Mutex.Unlock()
	o.then = then
}

// caller A is told to serve; the set is invalidated before A continues: no lease of it
// is stored.
func TestOvertakenDecisionStoresNoLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lock := &overtaken{}
		h := openWith(t, lock, host.Core{Session: core.New()}, func(context.Context) (sources.Credentials, error) { return set(), nil })
		if _, err := h.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.DropLease()
		lock.by(func() {
			if err := h.Invalidate(sources.FingerprintOf("k", "t")); err != nil {
				t.Error(err)
			}
		})
		if _, err := h.Credentials(t.Context(), core.Need{}); err != nil {
			t.Error(err)
		}
		if h.Leased() != nil {
			t.Error("the set that was invalidated has a lease")
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// source fails; caller A is told to wait for the next attempt; B refreshes, and source
// answers, before A sleeps: A does not sleep.
func TestWaiterSleepsOnTheBellOfItsDecision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lock, down := &overtaken{}, true
		h := openWith(t, lock, host.Core{Session: core.New()}, func(context.Context) (sources.Credentials, error) {
			if down {
				return set(), &sources.Error{Class: core.Throttled, RetryAfter: 20 * time.Second}
			}
			return set(), nil
		})
		if _, err := h.Refresh(t.Context()); err == nil {
			t.Fatal("the source was not down")
		}
		down = false
		lock.by(func() {
			if _, err := h.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		})
		start := time.Now()
		if _, err := h.Credentials(t.Context(), core.Need{Until: core.Never}); err != nil || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// source hangs; caller A gives up; the timer is lost; caller B asks past the deadline,
// which times the flight out and starts the next: the failure is told before the start.
func TestAFailureIsToldBeforeTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		end := make(chan struct{})
		h := open(t, host.Core{Session: core.New()}, func(context.Context) (sources.Credentials, error) {
			<-end
			return set(), nil
		})
		h.Tell = func(e host.Event) { told = append(told, e.Kind) }
		ask := func(patience time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if _, err := h.Credentials(ctx, core.Need{}); err == nil {
				t.Error("the source did not hang")
			}
		}
		ask(time.Second)
		h.LoseTimer()
		time.Sleep(time.Hour)
		ask(time.Second)
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		close(end)
		if !slices.Equal(told, []string{host.Start, host.Failed, host.Start, host.Close}) {
			t.Error(told)
		}
	})
}

// caller A refreshes, and again; the session is closed: one set is kept, then none.
func TestOnlyTheHeldSetIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, host.Core{Session: core.New()}, func(context.Context) (sources.Credentials, error) {
			fresh := set()
			fresh.SessionToken += strconv.FormatInt(time.Now().Unix(), 10) // another set
			return fresh, nil
		})
		for range 3 {
			time.Sleep(time.Minute)
			if _, err := h.Refresh(t.Context()); err != nil || h.Sets() != 1 {
				t.Errorf("%v, %d sets are kept", err, h.Sets())
			}
		}
		if err := h.Close(); err != nil || h.Sets() != 0 {
			t.Errorf("%v, %d sets are kept", err, h.Sets())
		}
	})
}
