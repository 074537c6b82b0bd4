package hostfuncs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/built"
)

// The README's program in a throw-away copy of the package: as a release has it, and as a
// checkout has it in which nothing was built.
func TestTheModuleOfARelease(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds two programs")
	}
	copied := t.TempDir()
	sources, _ := filepath.Glob("*.go")
	for _, name := range append(sources, "go.sum", "module/README.md") {
		if !strings.HasSuffix(name, "_test.go") {
			put(t, filepath.Join(copied, name), read(t, name))
		}
	}
	put(t, filepath.Join(copied, "go.mod"), []byte(strings.Replace(string(read(t, "go.mod")), "=> ..", "=> \""+filepath.ToSlash(built.Root())+"\"", 1)))
	_, program, _ := strings.Cut(string(read(t, "README.md")), "```go\n")
	program, _, _ = strings.Cut(program, "```")
	put(t, filepath.Join(copied, "try", "main.go"), []byte(program))
	for _, want := range []string{"run ./task build:wasm, or set Config.Module", "EXAMPLE fresh"} {
		cmd := exec.Command("go", "run", "./try")
		cmd.Dir, cmd.Env = copied, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); !strings.Contains(string(out), want) || (err == nil) != (want == "EXAMPLE fresh") {
			t.Errorf("%s, %v; want %s", out, err, want)
		}
		put(t, filepath.Join(copied, "module", "evercreds.wasm"), modules.plain)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
