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

// ring makes sessions of which each source asks the next session, and the last one
// the first.
func ring(t *testing.T, n int) []*evercreds.Session {
	t.Helper()
	all := make([]*evercreds.Session, n)
	for i := range all {
		s, err := evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
			_, err := all[(i+1)%n].Retrieve(ctx)
			return evercreds.Credentials{}, err
		}, evercreds.WithStability(evercreds.Strict))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		all[i] = s
	}
	return all
}

// caller A asks; source asks its own session, directly or through others: A gets an
// error at once.
func TestSourcesThatAskInARing(t *testing.T) {
	for n := 1; n <= 4; n++ {
		synctest.Test(t, func(t *testing.T) {
			all := ring(t, n)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			if _, err := all[0].Retrieve(ctx); !errors.Is(err, evercreds.ErrReentrant) || time.Since(start) > time.Second {
				t.Errorf("%d: got %v after %v", n, err, time.Since(start))
			}
			for _, s := range all {
				s.Close()
			}
		})
	}
}

// callers A and B ask two sessions at once, whose sources ask each other: one of the two
// refreshes gets an error, and neither waits for its time-out.
func TestSourcesThatAskEachOtherAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := ring(t, 2)
		errs := make(chan error, 2)
		start := time.Now()
		for _, s := range all {
			go func() {
				_, err := s.Retrieve(t.Context())
				errs <- err
			}()
		}
		for range all {
			if err := <-errs; !errors.Is(err, evercreds.ErrReentrant) {
				t.Errorf("got %v", err)
			}
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("after %v", d)
		}
		for _, s := range all {
			s.Close()
		}
	})
}

// A caller without a context has one that never ends.
func TestNoContext(t *testing.T) {
	var none context.Context
	s := open(t, &vault{latency: time.Millisecond}, evercreds.WithMandatoryTimeout(time.Minute))
	defer s.Close()
	for name, ask := range map[string]func() error{
		"Retrieve":    func() error { _, err := s.Retrieve(none); return err },
		"Credentials": func() error { _, err := s.Credentials(none, evercreds.MinTTL(time.Minute)); return err },
		"Refresh":     func() error { _, err := s.Refresh(none); return err },
		"Identity": func() error {
			if _, err := s.Identity(none); err == nil {
				return errors.New("there is no region")
			}
			return nil
		},
	} {
		if err := ask(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
