package hostfuncs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/tetratelabs/wazero"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
)

// Config says how to make a [Runtime]. The zero value is a good one.
type Config struct {
	// Module is the binary of the WASI module, evercreds.wasm. Default: the one that is
	// embedded in this release.
	Module []byte
	// CacheDir is a directory for compiled machine code, 8 MB for each module that was
	// ever compiled there. [New] makes it if it is missing. You may delete its files at
	// any time. Default: New compiles the module each time, which takes most of a second.
	// [Instantiate] refuses a CacheDir, since your wazero runtime has the cache.
	CacheDir string
}

// Runtime is one instance of the module, which all its sessions share. It is safe for
// concurrent use. Close it after its sessions.
type Runtime struct {
	engine *engine

	mu       sync.Mutex // of the instance, and of what the sessions know
	machine  *machine
	sessions map[*handle]bool
	handles  map[int32]*handle
	opening  *handle // its number is not known yet
	closed   bool
	end      func() error // of the first Close
}

// Format prints the type's name for every verb, so that none shows a secret.
func (rt *Runtime) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "hostfuncs.Runtime") }

// New makes a Runtime in a wazero runtime of its own. It does not keep ctx, which may be
// nil.
//
// New returns an [*evercreds.ParameterError] if CacheDir cannot be written, and an error of
// its own if Module is no module of evercreds, if that has another major version of the
// ABI, or if Module is empty and the checkout has no module embedded.
func New(ctx context.Context, config Config) (*Runtime, error) {
	wasm, err := config.module()
	if err != nil {
		return nil, err
	}
	return start(background(ctx), func(ctx context.Context) (*engine, error) { return newEngine(ctx, wasm, config.CacheDir) })
}

// Instantiate makes a Runtime in a wazero runtime of yours. It adds the host functions as
// the module evercreds_host_v1, WASI unless r has that, and an instance without a name.
// [Runtime.Close] removes what Instantiate added, and nothing else. r takes one Runtime at a
// time, which any number of sessions share. Close it before r. If guests of yours need WASI,
// add it first: wazero takes a module of one name once, and what Instantiate has added goes
// with the Runtime.
//
// Besides the errors of [New], Instantiate returns an [*evercreds.ParameterError] if r is nil
// or CacheDir is set, and an error of its own if r has a module evercreds_host_v1.
func Instantiate(ctx context.Context, r wazero.Runtime, config Config) (*Runtime, error) {
	if r == nil {
		return nil, &evercreds.ParameterError{Parameter: "r", Expected: "must be a wazero.Runtime, not nil"}
	}
	if config.CacheDir != "" {
		return nil, &evercreds.ParameterError{
			Parameter: "CacheDir", Expected: "must be empty here: the cache is the wazero runtime's (RuntimeConfig.WithCompilationCache)",
		}
	}
	wasm, err := config.module()
	if err != nil {
		return nil, err
	}
	return start(background(ctx), func(ctx context.Context) (*engine, error) { return enter(ctx, r, wasm) })
}

func (c Config) module() ([]byte, error) {
	if len(c.Module) > 0 {
		return c.Module, nil
	}
	return embedded()
}

func background(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}

func start(ctx context.Context, make func(context.Context) (*engine, error)) (*Runtime, error) {
	e, err := make(ctx)
	if err != nil {
		return nil, err
	}
	rt := &Runtime{engine: e, sessions: map[*handle]bool{}, handles: map[int32]*handle{}}
	rt.end = sync.OnceValue(rt.close)
	if rt.machine, err = e.instantiate(ctx, calls{rt}); err != nil {
		return nil, errors.Join(err, e.close(ctx))
	}
	return rt, nil
}

// WithRuntime has a session decide on the module in rt, and not on the core that is
// compiled in. Every constructor of the root package takes it, together with all other
// options.
//
// The constructor returns an error if rt is nil or closed. The session's calls return a
// [*TrapError] if the module dies three times in one call.
func WithRuntime(rt *Runtime) evercreds.Option {
	if rt == nil {
		return host.In(host.Place{Machine: func() host.Unopened { return nowhere{} }}).(evercreds.Option)
	}
	return host.In(rt.place()).(evercreds.Option)
}

// nowhere is the place of a session without a Runtime.
type nowhere struct{ host.Machine }

func (nowhere) Set(core.Option, float64) error {
	return &evercreds.ParameterError{Parameter: "WithRuntime", Expected: "must have a Runtime, not nil"}
}

func (rt *Runtime) place() host.Place {
	return host.Place{
		Machine: func() host.Unopened { return &handle{rt: rt} }, Lock: &rt.mu, Hears: true,
		Joined: func(s *host.Host, close func()) { h := s.Machine.(*handle); h.host, h.end = s, close },
	}
}

// Close closes the sessions that are still open, and releases the module. It waits a
// second at most for sources that do not heed their contexts. Closing again does nothing.
func (rt *Runtime) Close() error { return rt.end() }

func (rt *Runtime) close() error {
	rt.mu.Lock()
	rt.closed = true // none is opened any more
	var all sync.WaitGroup
	for s := range rt.sessions {
		all.Go(s.end)
	}
	rt.mu.Unlock()
	all.Wait()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return errors.Join(rt.machine.Close(), rt.engine.close(context.Background()))
}
