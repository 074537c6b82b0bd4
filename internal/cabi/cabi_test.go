package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/abi"
	"github.com/evercreds/evercreds/internal/built"
)

// compile builds a C program against the header and a library built for it, and
// gives its path. It skips the test where there is no C compiler.
func compile(t *testing.T, source string, panics bool) string {
	t.Helper()
	dir := t.TempDir()
	return compileIn(t, dir, source, panics, "-L", dir, "-levercreds", "-Wl,-rpath,"+dir)
}

// compileIn leaves the library in dir, and gives the linker these flags.
func compileIn(t *testing.T, dir, source string, panics bool, link ...string) string {
	t.Helper()
	cc := built.Compiler()
	if cc == "" {
		t.Skip("no C compiler (cc, gcc or clang)")
	}
	if _, err := built.Library(dir, panics); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "program")
	args := []string{"-std=c11", "-D_DEFAULT_SOURCE", "-Wall", "-Wextra", "-Werror", "-O1", "-pthread",
		"-I", filepath.Join(built.Root(), "include"), source, "-o", program}
	cmd := exec.Command(cc, append(args, link...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

func run(t *testing.T, program string, args ...string) (string, error) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	return string(out), err
}

func TestCPrograms(t *testing.T) {
	tests := []struct {
		source, last string
		panics       bool
	}{
		{"testdata/every_export.c", "every export: ok\n", false},
		{"testdata/threads.c", "threads: ok\n", false},
		{"testdata/panics.c", "panics: ok\n", true},
	}
	for _, test := range tests {
		t.Run(filepath.Base(test.source), func(t *testing.T) {
			out, err := run(t, compile(t, test.source, test.panics))
			if err != nil || !strings.HasSuffix(out, test.last) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// Forked children continue with a copy of the library. No thread of the library takes
// the signals of the process, and it needs no descriptor.
func TestForks(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory files, and what /proc tells of threads, are of Linux")
	}
	dir := t.TempDir()
	program := compileIn(t, dir, "testdata/fork.c", false, "-ldl")
	out, err := run(t, program, filepath.Join(dir, "libevercreds.so"))
	if err != nil || out != "fork: ok\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

// What no guard can catch ends the process, and is never taken for an answer.
func TestAFatalErrorEndsTheProcess(t *testing.T) {
	out, err := run(t, compile(t, "testdata/panics.c", true), "fatal")
	if err == nil || strings.Contains(out, "panics: ok") {
		t.Errorf("the program went on:\n%s", out)
	}
}

// The example for embedders in other languages: an outage, and no failed call.
func TestTheExampleEmbedder(t *testing.T) {
	program := compile(t, filepath.Join(built.Root(), "examples/c/embedder.c"), false)
	out, err := run(t, program)
	if err != nil || !strings.Contains(out, "the source failed") ||
		!strings.HasSuffix(out, "180 calls, 4 refreshes, 0 failed\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A function that is new in the table must be new in the program too.
func TestTheCProgramCallsEveryExport(t *testing.T) {
	source, err := os.ReadFile("testdata/every_export.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range abi.Functions {
		if !strings.Contains(string(source), "evercreds_"+f.Name+"(") {
			t.Errorf("evercreds_%s is not called", f.Name)
		}
	}
}

// The header is for old compilers and for C++ too.
func TestTheHeaderStandsAlone(t *testing.T) {
	cc := built.Compiler()
	if cc == "" {
		t.Skip("no C compiler (cc, gcc or clang)")
	}
	header := filepath.Join(built.Root(), "include", "evercreds.h")
	for _, language := range [][]string{{"-x", "c", "-std=c99"}, {"-x", "c++", "-std=c++11"}} {
		if _, err := exec.Command(cc, append(language, "-fsyntax-only", os.DevNull)...).Output(); err != nil {
			t.Logf("%s: this compiler does not know it", language[1])
			continue
		}
		args := append(language, "-pedantic-errors", "-Wall", "-Werror", "-fsyntax-only", header)
		if out, err := exec.Command(cc, args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", language[1], err, out)
		}
	}
}
