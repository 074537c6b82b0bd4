//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
)

var _ io.Closer = (*evercreds.Session)(nil)

// closing is a source that can be closed.
type closing struct {
	closed  atomic.Int64
	running atomic.Bool
	close   func() error
	fetch   func(context.Context) (evercreds.Result, error)
}

func (*closing) Method() evercreds.Method { return evercreds.MethodRegistered }

func (c *closing) Fetch(ctx context.Context, _ *evercreds.Flight) (evercreds.Result, error) {
	c.running.Store(true)
	defer c.running.Store(false)
	return c.fetch(ctx)
}

func (c *closing) Close() error {
	c.closed.Add(1)
	return c.close()
}

var errClosing = errors.New("the lease could not be given back")

// A asks; the session is closed: A hears of it, and when the attempt has ended, the
// source is closed, once. What its Close returns is what the session's returns.
func TestASourceIsClosedWithItsSession(t *testing.T) {
	forever := make(chan struct{})
	for name, c := range map[string]struct {
		close func() error
		want  string
		after time.Duration
	}{
		"returns":            {func() error { return nil }, "", 0},
		"fails":              {func() error { return errClosing }, errClosing.Error(), 0},
		"panics":             {func() error { panic("secret") }, "evercreds: the source's Close panicked with a string", 0},
		"ends its goroutine": {func() error { runtime.Goexit(); return nil }, "evercreds: the source's Close did not return", time.Second},
		"hangs":              {func() error { <-forever; return nil }, "evercreds: the source's Close has not returned yet", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if name == "hangs" {
					forever = make(chan struct{})
					defer close(forever)
				}
				source := &closing{fetch: func(ctx context.Context) (evercreds.Result, error) {
					<-ctx.Done()
					return evercreds.Result{}, ctx.Err()
				}}
				source.close = func() error {
					if source.running.Load() {
						t.Error("an attempt still runs")
					}
					return c.close()
				}
				s, err := evercreds.New(source)
				if err != nil {
					t.Fatal(err)
				}
				go func() {
					if _, err := s.Retrieve(t.Context()); !errors.Is(err, evercreds.ErrClosed) {
						t.Error(err)
					}
				}()
				synctest.Wait()
				begun := time.Now()
				for i, want := range []string{c.want, ""} {
					got := ""
					if err := s.Close(); err != nil {
						got = err.Error()
					}
					if got != want || source.closed.Load() != 1 || time.Since(begun) != c.after {
						t.Errorf("close %d: %q, closed %d times, after %v", i+1, got, source.closed.Load(), time.Since(begun))
					}
				}
			})
		})
	}
}

// A session that could not be made leaves the source to its user.
func TestASourceOfNoSessionStaysOpen(t *testing.T) {
	source := &closing{close: func() error { return nil }}
	if _, err := evercreds.New(source, evercreds.WithMaxWait(-time.Second)); err == nil || source.closed.Load() != 0 {
		t.Errorf("%v, closed %d times", err, source.closed.Load())
	}
}
