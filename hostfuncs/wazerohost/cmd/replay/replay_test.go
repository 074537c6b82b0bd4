package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/hostfuncs/wazerohost"
	"github.com/evercreds/evercreds/internal/built"
	"github.com/evercreds/evercreds/internal/trace"
)

func newRuntime(t *testing.T) *wazerohost.Runtime {
	t.Helper()
	wasm, err := built.Wasm(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	rt, err := load(wasm, built.ModuleCache())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := rt.Close(); err != nil {
			t.Error(err)
		}
	})
	return rt
}

// Every scenario gives the expected answers under wazero, byte for byte.
func TestScenarios(t *testing.T) {
	rt := newRuntime(t)
	files, err := filepath.Glob(filepath.Join(built.Root(), "core", "testdata", "*.trace"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			scenario, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if err := replay(rt, strings.NewReader(string(scenario)), &out); err != nil {
				t.Fatal(err)
			}
			if want := trace.Expected(string(scenario)); out.String() != want {
				t.Errorf("got\n%s\nwant\n%s", out.String(), want)
			}
		})
	}
}

func TestWhatIsNoEventIsAnError(t *testing.T) {
	var out strings.Builder
	err := replay(newRuntime(t), strings.NewReader("open seed=1\nsing\n"), &out)
	if err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("%v", err)
	}
}
