package hostfuncs

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi"
	"github.com/evercreds/evercreds/internal/fuzzed"
)

// FuzzExports has the fuzzer call any export of the module with any numbers, as
// handles, lengths, instants and halves, with any bytes in the buffer. No call may
// trap, and a session beside answers, after all of them, as the core does by itself.
func FuzzExports(f *testing.F) {
	rt, err := New(context.Background(), Config{Module: modules.plain, CacheDir: modules.cache})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = rt.Close() })
	m, err := rt.engine.instantiate(context.Background(), silent{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("any bytes at all choose exports and what they are called with"))
	f.Fuzz(func(t *testing.T, choices []byte) {
		h := &hostileHost{r: fuzzed.Rand(choices), m: m}
		defer h.freeAll(t)
		good, alone := h.session(t), core.New()
		now := core.Now{Wall: wall0, Elapsed: 0}
		if _, err := alone.Open(now, 1); err != nil {
			t.Fatal(err)
		}
		alone.Force(now)
		if _, err := m.Force(good, now); err != nil {
			t.Fatal(err)
		}
		h.spared = good
		h.handles = append(h.handles, 0, h.session(t))
		for range min(len(choices)/8, 100) {
			h.callAnything(t)
		}
		later := core.Now{Wall: wall0 + 1000, Elapsed: 1000}
		want := alone.Ask(later, core.Need{})
		if got, err := m.Ask(good, later, core.Need{}); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("the good session says %+v, %v, and the core %+v", got, err, want)
		}
	})
}

// hostileHost calls exports as no host should.
type hostileHost struct {
	r       *rand.Rand
	m       *machine
	spared  int32 // a session that is never named
	handles []int32
	opened  []int32
}

func (h *hostileHost) session(t *testing.T) int32 {
	t.Helper()
	s, err := h.m.SessionNew()
	if err != nil {
		t.Fatal(err)
	}
	h.opened = append(h.opened, s)
	if _, err := h.m.SessionOpen(s, core.Now{Wall: wall0}, 1); err != nil {
		t.Fatal(err)
	}
	return s
}

// freeAll gives back what the input has made, so that inputs do not fill the table
// of handles for each other.
func (h *hostileHost) freeAll(t *testing.T) {
	for _, s := range h.opened {
		if _, err := h.m.call("session_free", i32(s)); err != nil {
			t.Error(err)
		}
	}
}

func (h *hostileHost) pick(of ...uint64) uint64 { return of[h.r.IntN(len(of))] }

func (h *hostileHost) i32() uint64 {
	v := int32(h.pick(0, 1, 2, 3, 10, 255, 1<<16, 1<<31-1, 1<<31, 1<<32-1, abi.BufferBytes, abi.BufferBytes+1, h.r.Uint64()))
	if h.r.IntN(2) == 0 {
		v = h.handles[h.r.IntN(len(h.handles))]
	}
	if v == h.spared {
		v = 0
	}
	return i32(v)
}

func (h *hostileHost) f64() uint64 {
	bits := h.pick(0, math.Float64bits(1), math.Float64bits(-1), math.Float64bits(float64(wall0)), math.Float64bits(1<<53),
		math.Float64bits(0.5), math.Float64bits(math.NaN()), math.Float64bits(math.Inf(1)), math.Float64bits(math.Inf(-1)),
		math.Float64bits(math.MaxFloat64), math.Float64bits(1e15), h.r.Uint64())
	return bits
}

// callAnything makes one call. Exports that the library has for tests are not there
// in a module that is released.
func (h *hostileHost) callAnything(t *testing.T) {
	t.Helper()
	junk := make([]byte, h.pick(0, 1, 6, 20, 40))
	if h.r.IntN(16) == 0 {
		junk = slices.Repeat([]byte{byte(h.r.Uint64())}, int(h.pick(core.SnapshotBytes, abi.BufferBytes)))
	}
	for i := range min(len(junk), 40) {
		junk[i] = "0129T:-+.Zz \x00\xff"[h.r.IntN(14)]
	}
	if _, err := h.m.write(junk); err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(abi.Functions, abi.WasmFunctions)
	f := all[h.r.IntN(len(all))]
	export := h.m.module.ExportedFunction("evercreds_" + f.Name)
	if export == nil {
		t.Fatalf("no export %s", f.Name)
	}
	var args []uint64
	for _, kind := range export.Definition().ParamTypes() {
		if kind == api.ValueTypeI32 {
			args = append(args, h.i32())
		} else {
			args = append(args, h.f64())
		}
	}
	result, err := h.m.call(f.Name, args...)
	if err != nil {
		t.Fatalf("%s%v: %v", f.Name, args, err)
	}
	if made := int32(result); made > 0 && (strings.HasSuffix(f.Name, "_new") || f.Name == "session_restore") {
		h.handles, h.opened = append(h.handles, made), append(h.opened, made)
	}
}
