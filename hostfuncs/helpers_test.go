package hostfuncs

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/built"
)

// The modules, built once. Their machine code is kept from run to run.
var modules struct {
	plain, panicking []byte
	cache            string
}

func TestMain(m *testing.M) {
	if flag.Parse(); *play { // with the module of the build
		os.Exit(m.Run())
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "evercreds-hostfuncs-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		modules.cache = built.ModuleCache()
		modules.panicking, modules.plain = build(dir, true), build(dir, false)
		// where the examples find the module, and may keep its machine code
		if err := errors.Join(os.Setenv("EVERCREDS_WASM", filepath.Join(dir, "evercreds.wasm")), os.Setenv("EVERCREDS_CACHE", modules.cache)); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

// build gives a module, and has its machine code in the cache.
func build(dir string, panics bool) []byte {
	path, err := built.Wasm(dir, panics)
	if err != nil {
		panic(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	e, err := newEngine(context.Background(), b, modules.cache)
	if err != nil {
		panic(err)
	}
	if err := e.close(context.Background()); err != nil {
		panic(err)
	}
	return b
}

// hands is a pair of clocks that a test moves.
type hands struct{ elapsed atomic.Int64 }

const wall0 = int64(1_700_000_000_000)

func (h *hands) now() core.Now {
	e := h.elapsed.Load()
	return core.Now{Wall: wall0 + e, Elapsed: e}
}

func (h *hands) advance(d time.Duration) { h.elapsed.Add(d.Milliseconds()) }

func newRuntime(t *testing.T, wasm []byte, clock func() core.Now) *Runtime {
	t.Helper()
	rt, err := New(t.Context(), wasm, Config{CacheDir: modules.cache, clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return rt
}

// source brings sets of an hour, or what the test tells it to.
type source struct {
	hands *hands
	mu    sync.Mutex
	calls int
	err   error
	panic any
	gate  chan struct{} // nil: it answers at once
}

func (s *source) Method() core.Method { return core.MethodCustom }

func (s *source) Fetch(ctx context.Context, _ *evercreds.Flight) (evercreds.Result, error) {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return evercreds.Result{}, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.panic != nil {
		panic(s.panic)
	}
	key := fmt.Sprintf("key-%d", s.calls)
	return evercreds.Result{Credentials: evercreds.Credentials{
		AccessKeyID: key, SecretAccessKey: "example", SessionToken: "example",
		Expires: time.UnixMilli(s.hands.now().Wall).Add(time.Hour),
	}}, s.err
}

func (s *source) set(err error, p any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.panic = err, p
}

func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// openSession makes a session whose callers wait for no hold-off, unless an option says
// so: on a clock that a test moves by hand they would wait for that.
func openSession(t *testing.T, rt *Runtime, s evercreds.Source, options ...Option) *Session {
	t.Helper()
	session, err := rt.Open(s, append([]Option{{"max_wait", 0}}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// wantKey asks a session and compares the access key.
func wantKey(t *testing.T, s *Session, key string) {
	t.Helper()
	creds, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if creds.AccessKeyID != key {
		t.Fatalf("got %s, want %s", creds.AccessKeyID, key)
	}
}
