package hostfuncs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/evercreds/evercreds/internal/abi"
)

// engine is the compiled module and what it imports. Instances come from it.
type engine struct {
	runtime  wazero.Runtime
	cache    wazero.CompilationCache // nil: none; else it owns the machine code
	compiled wazero.CompiledModule
}

// newEngine compiles the module. With a directory the machine code is kept there,
// which makes later starts twenty times as fast. What is wrong with a file in it is
// no reason not to start.
func newEngine(ctx context.Context, wasm []byte, cacheDir string) (*engine, error) {
	if cacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
		if err != nil {
			return nil, fmt.Errorf("hostfuncs: CacheDir must be a directory that can be written: %w", err)
		}
		if e, err := compile(ctx, wasm, cache); err == nil {
			return e, nil
		}
	}
	return compile(ctx, wasm, nil)
}

func compile(ctx context.Context, wasm []byte, cache wazero.CompilationCache) (*engine, error) {
	config := wazero.NewRuntimeConfig()
	if cache != nil {
		config = config.WithCompilationCache(cache)
	}
	e := &engine{runtime: wazero.NewRuntimeWithConfig(ctx, config), cache: cache}
	if err := e.prepare(ctx, wasm); err != nil {
		return nil, errors.Join(err, e.close(ctx))
	}
	return e, nil
}

// close ends all instances and lets go of the machine code.
func (e *engine) close(ctx context.Context) error {
	err := e.runtime.Close(ctx)
	if e.cache != nil {
		err = errors.Join(err, e.cache.Close(ctx))
	}
	return err
}

func (e *engine) prepare(ctx context.Context, wasm []byte) (err error) {
	if _, err = wasi_snapshot_preview1.Instantiate(ctx, e.runtime); err != nil {
		return fmt.Errorf("hostfuncs: WASI: %w", err)
	}
	if err = e.offerHostFunctions(ctx); err != nil {
		return fmt.Errorf("hostfuncs: host functions: %w", err)
	}
	if e.compiled, err = e.runtime.CompileModule(ctx, wasm); err != nil {
		return fmt.Errorf("hostfuncs: wasm must be the WASI module of evercreds: %w", err)
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
	_, err := e.runtime.NewHostModuleBuilder(abi.HostModule).
		NewFunctionBuilder().WithGoFunction(api.GoFunc(begin), []api.ValueType{i32, f64, i32, i32}, nil).Export("refresh_begin").
		NewFunctionBuilder().WithGoFunction(api.GoFunc(cancel), []api.ValueType{i32, f64}, nil).Export("refresh_cancel").
		Instantiate(ctx)
	return err
}

// instantiate makes a machine of its own memory.
func (e *engine) instantiate(ctx context.Context, host abi.Host) (*Machine, error) {
	m := &Machine{host: host}
	m.ctx = context.WithValue(context.WithoutCancel(ctx), callerKey{}, m)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").
		WithRandSource(rand.Reader).WithSysNanotime().WithStderr(&m.stderr)
	var err error
	if m.module, err = e.runtime.InstantiateModule(m.ctx, e.compiled, config); err != nil {
		return nil, fmt.Errorf("hostfuncs: wasm must be the WASI module of evercreds: %w", err)
	}
	if err := m.locate(); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// Machine makes an instance without sessions, for hosts that drive the exports
// themselves. The host is called for what decisions start and cancel. Closing the
// Runtime ends it.
func (rt *Runtime) Machine(ctx context.Context, host abi.Host) (*Machine, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	return rt.engine.instantiate(ctx, host)
}
