// Command replay is the wazero host of the conformance scenarios: it reads one
// on standard input and prints the answers. See docs/conformance.md. The module
// is evercreds.wasm beside the program, whose machine code is kept there too.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/evercreds/evercreds/hostfuncs/wazerohost"
	"github.com/evercreds/evercreds/internal/trace"
)

func main() {
	dir := "."
	if program, err := os.Executable(); err == nil {
		dir = filepath.Dir(program)
	}
	wasm := flag.String("wasm", filepath.Join(dir, "evercreds.wasm"), "the module")
	cache := flag.String("cache", filepath.Join(dir, "wazero-cache"), "a directory for the module's machine code")
	flag.Parse()
	if err := run(*wasm, *cache); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(wasm, cache string) (err error) {
	rt, err := load(wasm, cache)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rt.Close()) }()
	return replay(rt, os.Stdin, os.Stdout)
}

func load(wasm, cache string) (*wazerohost.Runtime, error) {
	binary, err := os.ReadFile(wasm)
	if err != nil {
		return nil, err
	}
	return wazerohost.New(context.Background(), binary, wazerohost.Config{CacheDir: cache})
}

// replay gives each scenario an instance of its own.
func replay(rt *wazerohost.Runtime, in io.Reader, to io.Writer) (err error) {
	m, err := newMachine(context.Background(), rt)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.m.Close()) }()
	out := bufio.NewWriter(to)
	return errors.Join(trace.Replay(in, out, m), m.err, out.Flush())
}
