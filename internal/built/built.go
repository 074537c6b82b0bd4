// Package built builds the shipped libraries for tests, as ./task build does.
// The compiler's own cache makes every build after the first one cheap.
package built

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Root is the repository's root.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Wasm builds the WASI module into dir and gives its path. With panics it is
// the build that panics on purpose.
func Wasm(dir string, panics bool) (string, error) {
	env := []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0"}
	return build(filepath.Join(dir, "evercreds.wasm"), "./internal/wasm", panics, env, "-gcflags=runtime=-l")
}

// Library builds the C shared library into dir and gives its path. It needs a
// C compiler; see Compiler.
func Library(dir string, panics bool) (string, error) {
	name := "libevercreds.so"
	if runtime.GOOS == "darwin" {
		name = "libevercreds.dylib"
	}
	return build(filepath.Join(dir, name), "./internal/cabi", panics, []string{"CGO_ENABLED=1"})
}

// Compiler finds the C compiler; "" if there is none.
func Compiler() string {
	for _, name := range []string{os.Getenv("CC"), "cc", "gcc", "clang"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	return ""
}

func build(to, what string, panics bool, env []string, flags ...string) (string, error) {
	args := append([]string{"build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"}, flags...)
	if panics {
		args = append(args, "-tags", "evercreds_panic")
	}
	cmd := exec.Command("go", append(args, "-o", to, what)...)
	cmd.Dir = Root()
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", what, err, out)
	}
	return to, nil
}
