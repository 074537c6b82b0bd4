package hostfuncs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi"
)

// completing completes each flight before the call that started it returns.
type completing struct {
	t       *testing.T
	machine *machine
	trap    bool
	begun   []int64
}

func (h *completing) RefreshBegin(session int32, ticket int64, _, _ int32) {
	h.begun = append(h.begun, ticket)
	if h.trap {
		if _, err := h.machine.number("test_fatal"); err == nil {
			h.t.Error("test_fatal gave a result")
		}
		return
	}
	d, err := h.machine.Complete(session, ticket, core.Now{Wall: wall0}, core.Facts{Expiry: wall0 + 3_600_000, Fingerprint: 1<<63 | 5})
	if err != nil || d.Settled != ticket {
		h.t.Errorf("complete: %+v, %v", d, err)
	}
}

func (h *completing) RefreshCancel(int32, int64) {}

func newMachine(t *testing.T, wasm []byte, host abi.Host) *machine {
	t.Helper()
	m, err := newRuntime(t, wasm, nil).engine.instantiate(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func openHandle(t *testing.T, m *machine) int32 {
	t.Helper()
	s, err := m.SessionNew()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.SessionOpen(s, core.Now{Wall: wall0}, 1<<63|7); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAHostFunctionMayCompleteItsFlight(t *testing.T) {
	host := &completing{t: t}
	host.machine = newMachine(t, modules.plain, host)
	s := openHandle(t, host.machine)
	now := core.Now{Wall: wall0}
	d, err := host.machine.Ask(s, now, core.Need{})
	if err != nil || d.Kind != core.Refresh || len(host.begun) != 1 || d.Started != host.begun[0] {
		t.Fatalf("ask: %+v, %v, begun %v", d, err, host.begun)
	}
	d, err = host.machine.Answer(s, d.Ticket, now, core.Need{}, false)
	if err != nil || d.Kind != core.Serve || d.Set != host.begun[0] {
		t.Fatalf("answer: %+v, %v", d, err)
	}
}

// The wasm module gives the very decisions of the core, all fields of them.
func TestDecisionsEqualTheCores(t *testing.T) {
	host := &silent{}
	m := newMachine(t, modules.plain, host)
	s := openHandle(t, m)
	native := core.New()
	if _, err := native.Open(core.Now{Wall: wall0}, 1<<63|7); err != nil {
		t.Fatal(err)
	}
	now := core.Now{Wall: wall0, Elapsed: 1}
	facts := core.Facts{Expiry: wall0 + 3_600_000, Fingerprint: 1<<63 | 5, Duration: 3_600_000, ServerTime: wall0}
	var ticket int64
	steps := []struct {
		name string
		wasm func() (core.Decision, error)
		core func() core.Decision
	}{
		{"ask", func() (core.Decision, error) { return m.Ask(s, now, core.Need{}) }, func() core.Decision { return native.Ask(now, core.Need{}) }},
		{"prompted", func() (core.Decision, error) { return m.Prompted(s, ticket, now) }, func() core.Decision { return native.Prompted(ticket, now) }},
		{"complete", func() (core.Decision, error) { return m.Complete(s, ticket, now, facts) }, func() core.Decision { return native.Complete(ticket, now, facts) }},
		{"answer", func() (core.Decision, error) { return m.Answer(s, ticket, now, core.Need{}, true) }, func() core.Decision { return native.Answer(ticket, now, core.Need{}, true) }},
		{"leave", func() (core.Decision, error) { return m.Leave(s, now, core.Need{}) }, func() core.Decision { return native.Leave(now, core.Need{}) }},
		{"invalidate", func() (core.Decision, error) { return m.Invalidate(s, 1<<63|5, now) }, func() core.Decision { return native.Invalidate(1<<63|5, now) }},
		{"force", func() (core.Decision, error) { return m.Force(s, now) }, func() core.Decision { return native.Force(now) }},
		{"fail", func() (core.Decision, error) {
			return m.Fail(s, ticket, now, core.Throttled, core.CodeMalformed, 5000)
		}, func() core.Decision { return native.Fail(ticket, now, core.Throttled, core.CodeMalformed, 5000) }},
		{"abandon", func() (core.Decision, error) { return m.Abandon(s, 3, now) }, func() core.Decision { return native.Abandon(3, now) }},
		{"wake", func() (core.Decision, error) { return m.Wake(s, now) }, func() core.Decision { return native.Wake(now) }},
		{"close", func() (core.Decision, error) { return m.SessionClose(s) }, func() core.Decision { return native.Close() }},
	}
	for _, step := range steps {
		got, err := step.wasm()
		want := step.core()
		if err != nil || got != want {
			t.Fatalf("%s:\ngot  %+v, %v\nwant %+v", step.name, got, err, want)
		}
		if got.Started != 0 {
			ticket = got.Started
		}
	}
}

type silent struct{}

func (silent) RefreshBegin(int32, int64, int32, int32) {}
func (silent) RefreshCancel(int32, int64)              {}

func TestAPanicPoisonsItsHandle(t *testing.T) {
	m := newMachine(t, modules.panicking, silent{})
	s, other := openHandle(t, m), openHandle(t, m)
	if _, err := m.number("test_panic", i32(s)); !errors.Is(err, result(abi.ErrPanic)) {
		t.Fatalf("panic: %v", err)
	}
	if _, err := m.Ask(s, core.Now{Wall: wall0}, core.Need{}); !errors.Is(err, result(abi.ErrPoisoned)) {
		t.Fatalf("ask: %v", err)
	}
	if _, err := m.Ask(other, core.Now{Wall: wall0}, core.Need{}); err != nil {
		t.Fatalf("ask the other: %v", err)
	}
	if err := m.SessionFree(s); err != nil {
		t.Fatalf("free: %v", err)
	}
}

// Also a trap in a call that a host function made ends the instance, and says why.
func TestATrapEndsTheInstance(t *testing.T) {
	for _, inner := range []bool{false, true} {
		host := &completing{t: t, trap: inner}
		host.machine = newMachine(t, modules.panicking, host)
		s := openHandle(t, host.machine)
		var err error
		if inner {
			_, err = host.machine.Ask(s, core.Now{Wall: wall0}, core.Need{})
		} else {
			_, err = host.machine.number("test_fatal")
		}
		var trap *TrapError
		if !errors.As(err, &trap) || trap.Export != "test_fatal" || !strings.Contains(trap.Reason, "unlock of unlocked mutex") {
			t.Fatalf("inner %v: %v", inner, err)
		}
		if text := err.Error(); strings.Contains(text, "\n") || !strings.HasSuffix(text, "unlock of unlocked mutex") {
			t.Errorf("inner %v: %q", inner, text)
		}
		var again *TrapError
		if _, err := host.machine.number("abi_features"); !errors.As(err, &again) || *again != *trap || again == trap {
			t.Fatalf("inner %v: called on: %v", inner, err)
		}
	}
}

// An embedder needs no more of WASI than docs/reference/abi.md says: here everything else
// traps.
func TestOnlyFourWASIFunctionsAreCalled(t *testing.T) {
	ctx := context.Background()
	cache, err := wazero.NewCompilationCacheWithDir(modules.cache)
	if err != nil {
		t.Fatal(err)
	}
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCompilationCache(cache))
	defer rt.Close(ctx)
	compiled, err := rt.CompileModule(ctx, modules.plain)
	if err != nil {
		t.Fatal(err)
	}
	called := map[string]bool{}
	wasi := rt.NewHostModuleBuilder("wasi_snapshot_preview1")
	host := rt.NewHostModuleBuilder(abi.HostModule)
	for _, f := range compiled.ImportedFunctions() {
		module, name, _ := f.Import()
		to := wasi
		if module == abi.HostModule {
			to = host
		}
		stub := api.GoModuleFunc(func(_ context.Context, m api.Module, stack []uint64) {
			called[name] = true
			switch name {
			case "args_sizes_get", "environ_sizes_get":
				m.Memory().WriteUint32Le(uint32(stack[0]), 0)
				m.Memory().WriteUint32Le(uint32(stack[1]), 0)
			case "clock_time_get":
				m.Memory().WriteUint64Le(uint32(stack[2]), 1)
			case "random_get", "refresh_begin":
			default:
				panic(name + " is called")
			}
			if len(f.ResultTypes()) > 0 {
				stack[0] = 0
			}
		})
		to.NewFunctionBuilder().WithGoModuleFunction(stub, f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	for _, b := range []wazero.HostModuleBuilder{wasi, host} {
		if _, err := b.Instantiate(ctx); err != nil {
			t.Fatal(err)
		}
	}
	module, err := rt.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithStartFunctions("_initialize"))
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{module: module, ctx: ctx, host: silent{}}
	if err := m.locate(); err != nil {
		t.Fatal(err)
	}
	s := openHandle(t, m)
	for i := range int64(20_000) { // enough for the collector to run
		if _, err := m.Ask(s, core.Now{Wall: wall0, Elapsed: i}, core.Need{}); err != nil {
			t.Fatal(err)
		}
		other, err := m.SessionNew()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.SessionFree(other); err != nil {
			t.Fatal(err)
		}
	}
	delete(called, "refresh_begin")
	var names []string
	for name := range called {
		names = append(names, name)
	}
	slices.Sort(names)
	want := []string{"args_sizes_get", "clock_time_get", "environ_sizes_get", "random_get"}
	if !slices.Equal(names, want) {
		t.Errorf("called %v, want %v", names, want)
	}
}

// code and expiry are rules, whose text goes through the buffer.
func (m *machine) code(text string) (int32, error) {
	n, err := m.write([]byte(text))
	if err != nil {
		return 0, err
	}
	return m.number("rule_mfa_code", n)
}

func (m *machine) expiry(text string) (int64, error) {
	n, err := m.write([]byte(text))
	if err != nil {
		return 0, err
	}
	return m.instant("rule_expiry", n)
}

func TestTheBufferIsZeroedAfterACode(t *testing.T) {
	m := newMachine(t, modules.plain, silent{})
	if at, err := m.code("code 123456"); err != nil || at != 5 {
		t.Fatalf("%d, %v", at, err)
	}
	b, err := m.read(abi.BufferBytes)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Trim(string(b), "\x00") != "" {
		t.Error("the code is still there")
	}
	if _, err := m.code(strings.Repeat("x", abi.BufferBytes+1)); !errors.Is(err, result(abi.ErrCapacity)) {
		t.Errorf("too long: %v", err)
	}
}

// What was freed is used again: 75 MB pass through these handles.
func TestFreedHandlesTakeNoMemory(t *testing.T) {
	const most = 16 << 20
	m := newMachine(t, modules.plain, silent{})
	for range 50_000 {
		if err := m.SessionFree(openHandle(t, m)); err != nil {
			t.Fatal(err)
		}
	}
	if size := m.module.Memory().Size(); size > most {
		t.Errorf("the instance has %d bytes", size)
	}
}
