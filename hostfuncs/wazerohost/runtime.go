package wazerohost

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

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
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
	sessions map[*Session]bool
	handles  map[int32]*Session
	opening  *Session // its handle is not known yet
	closed   bool
}

// Format prints no field, whatever the verb: those of the sessions are behind them.
func (rt *Runtime) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "wazerohost.Runtime") }

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
	rt := &Runtime{engine: e, clock: config.clock, sessions: map[*Session]bool{}, handles: map[int32]*Session{}}
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
		errs = append(errs, s.close())
	}
	landed(sessions)
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return errors.Join(append(errs, rt.engine.close(context.Background()))...)
}

// calls receives the host functions. They run within a call on the machine, so
// the mutex is held.
type calls struct{ rt *Runtime }

func (c calls) session(handle int32) *Session {
	if s := c.rt.handles[handle]; s != nil {
		return s
	}
	return c.rt.opening
}

// RefreshBegin starts the flight on a goroutine of its own.
func (c calls) RefreshBegin(session int32, ticket int64, _, cause int32) {
	if s := c.session(session); s != nil {
		s.begin(ticket, core.Cause(cause))
	}
}

// RefreshCancel ends the flight's context. Its report is still taken.
func (c calls) RefreshCancel(session int32, ticket int64) {
	if s := c.session(session); s != nil && s.flights[ticket] != nil {
		s.flights[ticket].cancel()
	}
}

// mostRebuilds bounds how often one call is tried on a new instance.
const mostRebuilds = 2

// run makes a call on the machine and takes what it answers. After a trap it
// goes on with a new instance, made of the snapshots. The mutex is held.
func (rt *Runtime) run(s *Session, call func(m *Machine, handle int32) (core.Decision, error)) (core.Decision, error) {
	if rt.closed || s.closed {
		return core.Decision{Kind: core.Error, Code: core.CodeClosed}, nil
	}
	var d core.Decision
	err := rt.again(s, func() (err error) {
		d, err = call(rt.machine, s.handle)
		return err
	})
	if err != nil {
		return d, err
	}
	return d, s.take(d)
}

// again makes a call until it meets neither a trap nor a poisoned session, each of
// which is mended first.
func (rt *Runtime) again(s *Session, call func() error) error {
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
			err = s.revive()
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
	for s := range rt.sessions {
		s.handle = 0
		if err := s.restore(); errors.As(err, new(*TrapError)) {
			return err // the next call tries again
		}
	}
	return nil
}

// Open makes a session that has its credentials from source. The options are
// set in the order given; the method is the source's. A value that is refused
// gives a [*core.OptionError].
func (rt *Runtime) Open(source hostfuncs.Source, options ...Option) (*Session, error) {
	if source == nil {
		return nil, errors.New("wazerohost: source must be a hostfuncs.Source, not nil")
	}
	s := &Session{
		rt: rt, source: source,
		sets: map[int64]hostfuncs.Credentials{}, flights: map[int64]*flight{}, changed: make(chan struct{}),
	}
	if err := s.meet(); err != nil {
		return nil, err
	}
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.closed {
		return nil, errors.New("wazerohost: the Runtime is closed")
	}
	err := s.open(options)
	if errors.As(err, new(*TrapError)) {
		if err = rt.rebuild(); err == nil {
			err = s.open(options)
		}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}
