package hostfuncs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/evercreds/evercreds/internal/built"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/hostexecutor"
)

// One instance plays all scenarios.
func TestHostExecutor(t *testing.T) {
	hostexecutor.ForTheRunner(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := os.ReadFile(filepath.Join(filepath.Dir(program), "evercreds.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	modules.cache = built.ModuleCache()
	rt := newRuntime(t, wasm, nil)
	hostexecutor.Run(t, rt.place(), func(*host.Host) error {
		rt.mu.Lock()
		defer rt.mu.Unlock()
		return rt.rebuild()
	})
}
