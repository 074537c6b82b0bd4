//go:build go1.25

package host_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

type spanKey struct{}

func withSpan(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, spanKey{}, name)
}

// caller A asks, with a deadline and a span; caller B waits too; A gives up; source
// answers: it had A's span, and neither A's deadline nor A's end. Nothing is left of them
// when it is over.
func TestAnAttemptHasTheValuesOfItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []any
		var after context.Context
		h := open(t, host.Core{Session: core.New()}, func(ctx context.Context) (sources.Credentials, error) {
			after = ctx
			seen = append(seen, ctx.Value(spanKey{}))
			time.Sleep(10 * time.Second)
			seen = append(seen, ctx.Value(spanKey{}))
			return set(), ctx.Err()
		})
		a, cancel := context.WithTimeout(withSpan(t.Context(), "A"), time.Second)
		defer cancel()
		gone := make(chan error)
		go func() {
			_, err := h.Credentials(a, core.Need{})
			gone <- err
		}()
		synctest.Wait()
		if _, err := h.Credentials(withSpan(t.Context(), "B"), core.Need{}); err != nil {
			t.Error("B:", err)
		}
		if err := <-gone; err == nil {
			t.Error("A did not give up")
		}
		if len(seen) != 2 || seen[0] != "A" || seen[1] != "A" {
			t.Errorf("the source saw %v", seen)
		}
		if left := after.Value(spanKey{}); left != nil {
			t.Errorf("what is over leads to %v", left)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// an eager session begins an attempt: it has nobody's span; service rejects for A, who does
// not wait: the attempt has A's; the timer begins one: it has nobody's.
func TestAnAttemptThatNobodyWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := host.Core{Session: core.New()}
		for option, value := range map[core.Option]float64{core.OptMethod: float64(core.MethodCustom), core.OptDeferRefresh: 0} {
			if err := machine.Set(option, value); err != nil {
				t.Fatal(err)
			}
		}
		seen := make(chan any, 1)
		h := open(t, machine, func(ctx context.Context) (sources.Credentials, error) {
			seen <- ctx.Value(spanKey{})
			return set(), nil
		})
		if span := <-seen; span != nil {
			t.Errorf("the session's own: %v", span)
		}
		time.Sleep(time.Minute)
		got, err := h.Credentials(withSpan(t.Context(), "who is served"), core.Need{})
		if err != nil {
			t.Fatal(err)
		}
		other := sources.FingerprintOf(got.AccessKeyID, got.SessionToken)
		h.Report(withSpan(t.Context(), "A"), core.Need{Other: other, Evidence: core.EvidenceStrong})
		if span := <-seen; span != "A" {
			t.Errorf("after the rejection: %v", span)
		}
		if span := <-seen; span != nil { // when the set that came is old, an hour at most
			t.Errorf("the timer's: %v", span)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// broken is a context of the user's.
type broken struct{ context.Context }

func (b broken) Value(key any) any {
	if _, asked := key.(spanKey); asked {
		panic("no values here")
	}
	return b.Context.Value(key)
}

// caller A asks, with a context that panics; source looks for a span: it finds none, and
// A is answered.
func TestACallersContextMayPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, host.Core{Session: core.New()}, func(ctx context.Context) (sources.Credentials, error) {
			if span := ctx.Value(spanKey{}); span != nil {
				return sources.Credentials{}, errors.New("it has one")
			}
			return set(), nil
		})
		if _, err := h.Refresh(broken{t.Context()}); err != nil {
			t.Error(err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// caller A asks; its source asks another session, whose source asks that one again while
// nobody waits for it: it is no part of A's attempt, and gets what that brings.
func TestAnAttemptBeginsWithItsOwnMark(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a, b *host.Host
		asked := make(chan error, 1)
		a = open(t, host.Core{Session: core.New()}, func(ctx context.Context) (sources.Credentials, error) {
			b.Report(ctx, core.Need{}) // as an advisory refresh: the caller goes on
			time.Sleep(10 * time.Second)
			return set(), nil
		})
		b = open(t, host.Core{Session: core.New()}, func(ctx context.Context) (sources.Credentials, error) {
			_, err := a.Refresh(ctx)
			asked <- err
			return set(), err
		})
		if _, err := a.Refresh(withSpan(t.Context(), "A")); err != nil {
			t.Error(err)
		}
		if err := <-asked; err != nil {
			t.Error("the other session's source:", err)
		}
		for _, h := range []*host.Host{a, b} {
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
