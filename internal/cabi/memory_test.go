package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/built"
)

// watched builds a C program and the library as a tool that watches memory or
// races wants them, and gives the program. It skips where the tool is not there.
func watched(t *testing.T, dir, source string, goFlags, ccFlags []string) string {
	t.Helper()
	cc := built.Compiler()
	if cc == "" || runtime.GOOS != "linux" {
		t.Skip("for Linux, with a C compiler (cc, gcc or clang)")
	}
	library := exec.Command("go", append(append([]string{"build"}, goFlags...), "./internal/cabi")...)
	library.Dir = built.Root()
	library.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := library.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program := filepath.Join(dir, strings.TrimSuffix(filepath.Base(source), ".c"))
	args := []string{"-std=c11", "-D_DEFAULT_SOURCE", "-O1", "-g", "-pthread", "-I", filepath.Join(built.Root(), "include"), source, "-o", program}
	if out, err := exec.Command(cc, append(args, ccFlags...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// good are the programs that a tool must have nothing to say of; overflow.c is the
// one that it must find.
var good = map[string]string{"every_export": "every export: ok\n", "threads": "threads: ok\n"}

func wantNothing(t *testing.T, name string, run *exec.Cmd) {
	t.Helper()
	if out, err := run.CombinedOutput(); err != nil || !strings.HasSuffix(string(out), good[name]) {
		t.Errorf("%s: %v\n%s", name, err, out)
	}
}

func wantOverflow(t *testing.T, sign string, run *exec.Cmd) {
	t.Helper()
	if out, err := run.CombinedOutput(); err == nil || !strings.Contains(string(out), sign) {
		t.Errorf("the overflow was not found: %v\n%s", err, out)
	}
}

// With -asan the Go code watches memory too, so that a wrong write of the library into a
// caller's buffer is seen. The run also looks for undefined behaviour in C.
func TestUnderAddressSanitizer(t *testing.T) {
	dir := t.TempDir()
	goFlags := []string{"-buildmode=c-shared", "-asan", "-o", filepath.Join(dir, "libevercreds.so")}
	ccFlags := []string{"-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-L", dir, "-levercreds", "-Wl,-rpath," + dir}
	if !sanitizes(dir) {
		t.Skip("the C compiler has no AddressSanitizer")
	}
	for name := range good {
		wantNothing(t, name, exec.CommandContext(t.Context(), watched(t, dir, "testdata/"+name+".c", goFlags, ccFlags)))
	}
	wantOverflow(t, "AddressSanitizer", exec.CommandContext(t.Context(), watched(t, dir, "testdata/overflow.c", goFlags, ccFlags)))
}

func sanitizes(dir string) bool {
	source := filepath.Join(dir, "probe.c")
	if os.WriteFile(source, []byte("int main(void) { return 0; }\n"), 0o600) != nil {
		return false
	}
	return exec.Command(built.Compiler(), "-fsanitize=address,undefined", source, "-o", filepath.Join(dir, "probe")).Run() == nil
}

// The library as it is, but for the names of its functions. Nothing may be lost for
// good when a program has ended.
func TestUnderValgrind(t *testing.T) {
	if _, err := exec.LookPath("valgrind"); err != nil {
		const missing = "valgrind is not installed (./task services installs it)"
		if os.Getenv("CI") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	dir := t.TempDir()
	goFlags := []string{"-buildmode=c-shared", "-o", filepath.Join(dir, "libevercreds.so")}
	ccFlags := []string{"-L", dir, "-levercreds", "-Wl,-rpath," + dir}
	under := func(name string) *exec.Cmd {
		run := exec.CommandContext(t.Context(), "valgrind", "--quiet", "--error-exitcode=9", "--suppressions=testdata/go-runtime.supp",
			"--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
			watched(t, dir, "testdata/"+name+".c", goFlags, ccFlags))
		// valgrind runs one thread at a time, and knows nothing of Go's signals
		run.Env = append(os.Environ(), "GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=1")
		return run
	}
	for name := range good {
		wantNothing(t, name, under(name))
	}
	wantOverflow(t, "Invalid write", under("overflow"))
}

// The race detector does not work within a shared library.
func TestThreadsUnderTheRaceDetector(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(dir, "libevercreds.a")
	program := watched(t, dir, "testdata/threads.c", []string{"-buildmode=c-archive", "-race", "-o", archive}, []string{"-no-pie", archive, "-lm"})
	wantNothing(t, "threads", exec.CommandContext(t.Context(), program))
}
