package hostfuncs

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/abi"
)

// users is a wazero runtime as a program may have one.
func users(t *testing.T) wazero.Runtime {
	t.Helper()
	cache, err := wazero.NewCompilationCacheWithDir(modules.cache)
	if err != nil {
		t.Fatal(err)
	}
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfig().WithCompilationCache(cache).WithCloseOnContextDone(true))
	t.Cleanup(func() { _ = errors.Join(r.Close(context.Background()), cache.Close(context.Background())) })
	return r
}

func within(t *testing.T, r wazero.Runtime, wasm []byte) *clocked {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel() // the context of Instantiate is not kept
	rt, err := Instantiate(ctx, r, Config{Module: wasm})
	if err != nil {
		t.Fatal(err)
	}
	return &clocked{rt, (&hands{}).now}
}

// A Runtime in a wazero runtime of the user's: what is the user's stays, what is ours
// goes, and may come again.
func TestInstantiateInARuntimeOfTheUsers(t *testing.T) {
	for _, ownWASI := range []bool{false, true} {
		r := users(t)
		if ownWASI {
			wasi_snapshot_preview1.MustInstantiate(t.Context(), r)
		}
		guest, err := r.InstantiateWithConfig(t.Context(), tiny, wazero.NewModuleConfig().WithName("guest"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			rt := within(t, r, modules.plain)
			a, b := openSession(t, rt, &source{hands: &hands{}}), openSession(t, rt, &source{hands: &hands{}})
			wantKey(t, a, "key-1")
			wantKey(t, b, "key-1")
			if _, err := Instantiate(t.Context(), r, Config{Module: modules.plain}); err == nil {
				t.Error("the host functions are there twice")
			}
			if err := rt.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Retrieve(t.Context()); !errors.Is(err, evercreds.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
			if r.Module(abi.HostModule) != nil || (r.Module(wasi_snapshot_preview1.ModuleName) != nil) != ownWASI {
				t.Errorf("own WASI %v: what was made stays, or what was not made has gone", ownWASI)
			}
			if guest.IsClosed() || r.Module("guest") == nil {
				t.Error("the guest has gone")
			}
		}
	}
}

// A trap in the user's runtime is mended there.
func TestATrapInARuntimeOfTheUsers(t *testing.T) {
	rt := within(t, users(t), modules.panicking)
	src := &source{hands: &hands{}}
	s := openSession(t, rt, src)
	wantKey(t, s, "key-1")
	trap(t, rt)
	s.host.DropLease()
	wantKey(t, s, "key-1")
	if src.count() != 1 {
		t.Errorf("%d calls of the source", src.count())
	}
	if err := rt.Close(); err != nil {
		t.Error(err)
	}
}

// A user's runtime that is closed first leaves errors, and sessions that can be closed.
func TestARuntimeThatIsClosedFirst(t *testing.T) {
	r := users(t)
	rt := within(t, r, modules.plain)
	s := openSession(t, rt, &source{hands: &hands{}})
	wantKey(t, s, "key-1")
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantKey(t, s, "key-1") // from its lease
	if _, err := s.Refresh(t.Context()); err == nil {
		t.Error("refreshed without the module")
	}
	s.Close()
	if err := rt.Close(); err != nil {
		t.Error(err)
	}
}

func TestInstantiateRefuses(t *testing.T) {
	var bad *evercreds.ParameterError
	if _, err := Instantiate(t.Context(), nil, Config{}); !errors.As(err, &bad) || bad.Parameter != "r" {
		t.Errorf("nil: %v", err)
	}
	r := users(t)
	if _, err := Instantiate(t.Context(), r, Config{CacheDir: "x"}); !errors.As(err, &bad) || bad.Parameter != "CacheDir" {
		t.Errorf("CacheDir: %v", err)
	}
	for name, wasm := range map[string][]byte{"no module": []byte("no module"), "another module": tiny} {
		if _, err := Instantiate(t.Context(), r, Config{Module: wasm}); err == nil {
			t.Errorf("ran %s", name)
		}
		if r.Module(abi.HostModule) != nil || r.Module(wasi_snapshot_preview1.ModuleName) != nil {
			t.Errorf("%s: something stays", name)
		}
		if _, err := New(t.Context(), Config{Module: wasm}); err == nil {
			t.Errorf("ran %s", name)
		}
	}
}

// Of several who move into one wazero runtime at once, one does, and stays whole.
func TestInstantiateManyAtOnce(t *testing.T) {
	r := users(t)
	made := make(chan *Runtime, 6)
	var all sync.WaitGroup
	for range cap(made) {
		all.Go(func() {
			if rt, err := Instantiate(t.Context(), r, Config{Module: modules.plain}); err == nil {
				made <- rt
			}
		})
	}
	all.Wait()
	if len(made) != 1 {
		t.Fatalf("%d of %d have moved in", len(made), cap(made))
	}
	rt := <-made
	s := openSession(t, &clocked{rt, (&hands{}).now}, &source{hands: &hands{}})
	wantKey(t, s, "key-1")
	if err := rt.Close(); err != nil {
		t.Error(err)
	}
}

func TestInstantiateInAClosedRuntime(t *testing.T) {
	r := users(t)
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := Instantiate(t.Context(), r, Config{Module: modules.plain}); err == nil || !strings.Contains(err.Error(), "runtime") {
		t.Errorf("in a closed runtime: %v", err)
	}
}
