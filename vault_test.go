package evercreds_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
)

// These tests run in virtual time: hours pass in no time, and a call that takes
// no virtual time has not waited for anything.

// vault is a source of sets that are good for an hour. Its fields are set while
// no call is under way.
type vault struct {
	calls   atomic.Int64
	latency time.Duration
	err     error
	attend  bool
	fetch   func(ctx context.Context, f *evercreds.Flight) (evercreds.Result, error)
}

func (v *vault) Method() core.Method { return core.MethodRegistered }
func (v *vault) Attended() bool      { return v.attend }

func (v *vault) Fetch(ctx context.Context, f *evercreds.Flight) (evercreds.Result, error) {
	n, started := v.calls.Add(1), time.Now()
	if v.fetch != nil {
		return v.fetch(ctx, f)
	}
	select {
	case <-time.After(v.latency):
	case <-ctx.Done():
		return evercreds.Result{}, ctx.Err()
	}
	if v.err != nil {
		return evercreds.Result{}, v.err
	}
	return v.set(n, started), nil
}

func (v *vault) set(n int64, from time.Time) evercreds.Result {
	return evercreds.Result{Credentials: evercreds.Credentials{
		AccessKeyID: key(n), SecretAccessKey: "secret", SessionToken: "token", Expires: from.Add(time.Hour),
	}}
}

func key(n int64) string { return fmt.Sprintf("KEY%d", n) }

func open(t *testing.T, v *vault, opts ...evercreds.Option) *evercreds.Session {
	t.Helper()
	s, err := evercreds.New(v, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantKey checks that a caller gets this set, having waited this long.
func wantKey(t *testing.T, s *evercreds.Session, want int64, wait time.Duration) {
	t.Helper()
	start := time.Now()
	c, err := s.Retrieve(t.Context())
	if err != nil || c.AccessKeyID != key(want) {
		t.Fatalf("got %s, %v; want %s", c.AccessKeyID, err, key(want))
	}
	if d := time.Since(start); d != wait {
		t.Fatalf("waited %v, want %v", d, wait)
	}
}

// wantCode checks that a caller gets this error, having waited this long.
func wantCode(t *testing.T, s *evercreds.Session, want evercreds.Code, wait time.Duration) *evercreds.Error {
	t.Helper()
	start := time.Now()
	_, err := s.Retrieve(t.Context())
	var e *evercreds.Error
	if !errors.As(err, &e) || e.Code != want {
		t.Fatalf("got %v, want %q", err, want)
	}
	if d := time.Since(start); d != wait {
		t.Fatalf("waited %v, want %v", d, wait)
	}
	return e
}

// toTheLetter adds the seed's rules: no call without a successful refresh, and an
// error at once.
func toTheLetter(opts ...evercreds.Option) []evercreds.Option {
	return append(opts, evercreds.WithStability(evercreds.Strict), evercreds.WithMaxWait(0))
}
