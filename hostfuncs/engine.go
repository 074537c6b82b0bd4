package hostfuncs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/abi"
)

// engine is the compiled module and what it imports. Instances come from it.
type engine struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	made     []api.Closer // in this order
}

// newEngine compiles the module in a wazero runtime of its own. With a directory the
// machine code is kept there, which makes later starts twenty times as fast. What is
// wrong with a file in it is no reason not to start.
func newEngine(ctx context.Context, wasm []byte, cacheDir string) (*engine, error) {
	if cacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
		if err != nil {
			return nil, &evercreds.ParameterError{Parameter: "CacheDir", Expected: "must be a directory that can be written: " + err.Error()}
		}
		if e, err := compile(ctx, wasm, cache); err == nil {
			return e, nil
		}
	}
	return compile(ctx, wasm, nil)
}

func compile(ctx context.Context, wasm []byte, cache wazero.CompilationCache) (*engine, error) {
	config, made := wazero.NewRuntimeConfig(), []api.Closer(nil)
	if cache != nil {
		config, made = config.WithCompilationCache(cache), append(made, cache)
	}
	r := wazero.NewRuntimeWithConfig(ctx, config)
	e := &engine{runtime: r, made: append(made, r)}
	return e, e.prepare(ctx, wasm)
}

// moving has those who move into a wazero runtime of a user's, or out of it, take turns:
// what one finds there another may be about to take away.
var moving sync.Mutex

// enter compiles the module in a wazero runtime of the caller's.
func enter(ctx context.Context, r wazero.Runtime, wasm []byte) (*engine, error) {
	moving.Lock()
	defer moving.Unlock()
	if r.Module(abi.HostModule) != nil {
		return nil, fmt.Errorf("hostfuncs: the wazero runtime has a module %s: it takes one Runtime at a time, which any number of sessions share", abi.HostModule)
	}
	e := &engine{runtime: r}
	return e, e.prepare(ctx, wasm)
}

// close ends all instances and takes away what was made.
func (e *engine) close(ctx context.Context) error {
	moving.Lock()
	defer moving.Unlock()
	return e.takeAway(ctx)
}

// takeAway closes what was made, the last first.
func (e *engine) takeAway(ctx context.Context) error {
	var errs []error
	for _, c := range slices.Backward(e.made) {
		errs = append(errs, c.Close(ctx))
	}
	e.made = nil
	return errors.Join(errs...)
}

// prepare makes what instances need. Where it fails nothing of that stays.
func (e *engine) prepare(ctx context.Context, wasm []byte) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, e.takeAway(ctx))
		}
	}()
	// First, since this alone tells that a wazero runtime is closed: WASI panics there.
	if e.compiled, err = e.runtime.CompileModule(ctx, wasm); err != nil {
		return fmt.Errorf("hostfuncs: Module must be the WASI module of evercreds, and the wazero runtime open: %w", err)
	}
	e.made = append(e.made, e.compiled)
	if e.runtime.Module(wasi_snapshot_preview1.ModuleName) == nil {
		wasi, err := wasi_snapshot_preview1.Instantiate(ctx, e.runtime)
		if err != nil {
			return fmt.Errorf("hostfuncs: WASI: %w", err)
		}
		e.made = append(e.made, wasi)
	}
	if err = e.offerHostFunctions(ctx); err != nil {
		return fmt.Errorf("hostfuncs: host functions: %w", err)
	}
	return nil
}

// offerHostFunctions is the module that the instances import. Which machine
// calls is found in the context of the call.
func (e *engine) offerHostFunctions(ctx context.Context) error {
	const i32, f64 = api.ValueTypeI32, api.ValueTypeF64
	begin := func(ctx context.Context, stack []uint64) {
		m := callerOf(ctx)
		defer m.checkAlive()
		m.host.RefreshBegin(api.DecodeI32(stack[0]), int64(api.DecodeF64(stack[1])),
			api.DecodeI32(stack[2]), api.DecodeI32(stack[3]))
	}
	cancel := func(ctx context.Context, stack []uint64) {
		m := callerOf(ctx)
		defer m.checkAlive()
		m.host.RefreshCancel(api.DecodeI32(stack[0]), int64(api.DecodeF64(stack[1])))
	}
	module, err := e.runtime.NewHostModuleBuilder(abi.HostModule).
		NewFunctionBuilder().WithGoFunction(api.GoFunc(begin), []api.ValueType{i32, f64, i32, i32}, nil).Export("refresh_begin").
		NewFunctionBuilder().WithGoFunction(api.GoFunc(cancel), []api.ValueType{i32, f64}, nil).Export("refresh_cancel").
		Instantiate(ctx)
	if err == nil {
		e.made = append(e.made, module)
	}
	return err
}

// instantiate makes a machine of its own memory.
func (e *engine) instantiate(ctx context.Context, host abi.Host) (*machine, error) {
	m := &machine{host: host}
	m.ctx = context.WithValue(context.WithoutCancel(ctx), callerKey{}, m)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").
		WithRandSource(rand.Reader).WithSysNanotime().WithStderr(&m.stderr)
	var err error
	if m.module, err = e.runtime.InstantiateModule(m.ctx, e.compiled, config); err != nil {
		return nil, fmt.Errorf("hostfuncs: Module must be the WASI module of evercreds: %w", err)
	}
	if err := m.locate(); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}
