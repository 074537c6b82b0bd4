package hostfuncs

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

// Config says how a [Runtime] works. The zero value is a good one.
type Config struct {
	// CacheDir is a directory for the compiled module, 8 MB for each module that
	// was ever compiled there; files in it may be deleted at any time. Default:
	// the module is compiled anew for each Runtime, which takes most of a second.
	CacheDir string

	clock func() core.Now // tests have one of their own
}

// Runtime holds the compiled module and one instance of it, which all its
// sessions share. It is safe for concurrent use.
type Runtime struct {
	engine *engine
	clock  func() core.Now

	mu       sync.Mutex // of the instance, and of what the sessions know
	machine  *Machine
	sessions map[*handle]bool
	handles  map[int32]*handle
	opening  *handle // its number is not known yet
	closed   bool
}

// Format prints no field, whatever the verb: those of the sessions are behind them.
func (rt *Runtime) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "hostfuncs.Runtime") }

// New compiles the module and makes an instance. wasm is evercreds.wasm, which
// ./task build:wasm leaves in build/. It fails where CacheDir cannot be written, where
// wasm is something else, and where it has another major version of the ABI.
func New(ctx context.Context, wasm []byte, config Config) (*Runtime, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	e, err := newEngine(ctx, wasm, config.CacheDir)
	if err != nil {
		return nil, err
	}
	rt := &Runtime{engine: e, clock: config.clock, sessions: map[*handle]bool{}, handles: map[int32]*handle{}}
	if rt.clock == nil {
		rt.clock = clock()
	}
	if rt.machine, err = e.instantiate(ctx, calls{rt}); err != nil {
		return nil, errors.Join(err, e.close(ctx))
	}
	return rt, nil
}

// clock reads both clocks at once. Go's monotonic clock may stand still while
// the machine sleeps, so leases are checked against the wall clock too.
func clock() func() core.Now {
	start := time.Now()
	return func() core.Now {
		now := time.Now()
		return core.Now{Wall: now.UnixMilli(), Elapsed: now.Sub(start).Milliseconds()}
	}
}

// seed is a fresh random number for a session.
func seed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: see crypto/rand
	return binary.LittleEndian.Uint64(b[:])
}

// Close closes all sessions, as [Session.Close] does, and gives the module's memory
// back. The sources are the caller's to close.
func (rt *Runtime) Close() error {
	rt.mu.Lock()
	rt.closed = true // none is opened any more
	sessions := slices.Collect(maps.Keys(rt.sessions))
	rt.mu.Unlock()
	var errs []error
	for _, s := range sessions {
		errs = append(errs, s.host.Close())
	}
	host.Grace(func() {
		for _, s := range sessions {
			s.host.Ended()
		}
	})
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return errors.Join(append(errs, rt.engine.close(context.Background()))...)
}

// calls receives the host functions. They run within a call on the machine, so
// the mutex is held.
type calls struct{ rt *Runtime }

// RefreshBegin starts the flight: this is how a session hears of it.
func (c calls) RefreshBegin(session int32, ticket int64, _, cause int32) {
	h := c.rt.handles[session]
	if h == nil {
		h = c.rt.opening
	}
	if h != nil {
		h.host.Start(ticket, core.Cause(cause), host.NoTimeout)
	}
}

// RefreshCancel does nothing: the decision tells it too.
func (calls) RefreshCancel(int32, int64) {}

// mostRebuilds bounds how often one call is tried on a new instance.
const mostRebuilds = 2

// again makes a call until it meets neither a trap nor a poisoned session, each of
// which is mended first.
func (rt *Runtime) again(h *handle, call func() error) error {
	for attempt := 0; ; attempt++ {
		err := call()
		if err == nil || attempt == mostRebuilds {
			return err
		}
		var trap *TrapError
		switch {
		case errors.As(err, &trap):
			err = rt.rebuild()
		case poisoned(err):
			err = h.revive()
		}
		if err != nil {
			return err
		}
	}
}

// rebuild puts a new instance in the place of one that trapped. A session that
// cannot be restored is refused from then on; the others go on.
func (rt *Runtime) rebuild() error {
	_ = rt.machine.Close() // what it could say, the trap has said
	fresh, err := rt.engine.instantiate(context.Background(), calls{rt})
	if err != nil {
		return err
	}
	rt.machine = fresh
	clear(rt.handles)
	for h := range rt.sessions {
		h.number = 0
		if err := h.restore(); errors.As(err, new(*TrapError)) {
			return err // the next call tries again
		}
	}
	return nil
}

// Open makes a session that has its credentials from source: one of [NewSTS], [NewIoT]
// and [NewCustom], or any other. The options are set in the order given; the method is
// the source's. Errors of options are of type *evercreds.ParameterError.
func (rt *Runtime) Open(source evercreds.Source, options ...Option) (*Session, error) {
	if source == nil {
		return nil, &evercreds.ParameterError{Parameter: "source", Expected: "must be an evercreds.Source, not nil"}
	}
	settings, err := settingsOf(options)
	if err != nil {
		return nil, err
	}
	return rt.open(given{source}, settings, seed(), nil)
}

// open takes the seed and a listener for events too: tests have them.
func (rt *Runtime) open(source sources.Source, settings []setting, seed uint64, tell func(host.Event)) (*Session, error) {
	method, attended, err := host.Meet(source)
	if err != nil {
		return nil, err
	}
	h := &handle{rt: rt, settings: append([]setting{{core.OptMethod, float64(method)}}, settings...)}
	if attended {
		h.settings = append(h.settings, setting{core.OptAttended, 1})
	}
	h.host = host.New(host.Config{
		Machine: h, Lock: &rt.mu, Clock: rt.clock, Source: source, Method: method, Attended: attended, Hears: true,
		Refuse: refuse, Tell: tell,
	})
	if err := h.host.Open(seed); err != nil {
		return nil, err
	}
	return &Session{h.host, h}, nil
}

// refuse makes the error that callers get.
func refuse(f host.Failure) error {
	return &evercreds.Error{Code: evercreds.Code(f.Code), Class: evercreds.Class(f.Class), RetryAt: f.RetryAt, Err: f.Err}
}
