package hostfuncs

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/built"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/hostexecutor"
)

// The modules, built once. Their machine code is kept from run to run.
var modules struct {
	plain, panicking []byte
	cache            string
}

func TestMain(m *testing.M) {
	if flag.Parse(); hostexecutor.IsAsked() { // with the module of the build
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
		embedded = func() ([]byte, error) { return modules.plain, nil } // for the examples
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

// clocked is a Runtime whose sessions have a clock of the test's.
type clocked struct {
	*Runtime
	clock func() core.Now
}

func newRuntime(t *testing.T, wasm []byte, clock func() core.Now) *clocked {
	t.Helper()
	rt, err := New(t.Context(), Config{Module: wasm, CacheDir: modules.cache})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &clocked{rt, clock}
}

// session is one of users, and what tests look at in it.
type session struct {
	*evercreds.Session
	host   *host.Host
	handle *handle
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
func openSession(t *testing.T, rt *clocked, from evercreds.Source, options ...evercreds.Option) *session {
	t.Helper()
	return open(t, rt, func(in evercreds.Option) (*evercreds.Session, error) {
		return evercreds.New(from, append([]evercreds.Option{in, evercreds.WithMaxWait(0)}, options...)...)
	})
}

// open makes a session in a Runtime, by any constructor.
func open(t *testing.T, rt *clocked, with func(in evercreds.Option) (*evercreds.Session, error)) *session {
	t.Helper()
	made, place := &session{}, rt.place()
	joined := place.Joined
	place.Clock = rt.clock
	place.Joined = func(h *host.Host, end func()) {
		joined(h, end)
		made.host, made.handle = h, h.Machine.(*handle)
	}
	var err error
	if made.Session, err = with(host.In(place).(evercreds.Option)); err != nil {
		t.Fatal(err)
	}
	return made
}

// wait gives what runs on other goroutines its time.
func wait(t *testing.T, until func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !until(); {
		if time.Now().After(end) {
			t.Fatal("waited too long")
		}
		time.Sleep(time.Millisecond)
	}
}

// wantKey asks a session and compares the access key.
func wantKey(t *testing.T, s *session, key string) {
	t.Helper()
	creds, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if creds.AccessKeyID != key {
		t.Fatalf("got %s, want %s", creds.AccessKeyID, key)
	}
}
