// Command replay is the wazero host of the conformance scenarios: it reads one
// on standard input, or with --batch many, and prints the answers. See
// docs/conformance.md. The module is evercreds.wasm beside the program, and its
// machine code is kept there too.
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
	"github.com/evercreds/evercreds/internal/built"
	"github.com/evercreds/evercreds/internal/trace"
)

func main() {
	dir := "."
	if program, err := os.Executable(); err == nil {
		dir = filepath.Dir(program)
	}
	wasm := flag.String("wasm", filepath.Join(dir, "evercreds.wasm"), "the module")
	cache := flag.String("cache", filepath.Join(dir, "wazero-cache"), "a directory for the module's machine code")
	batch := flag.Bool("batch", false, "read many scenarios, each with a line "+trace.End+" behind it")
	flag.Parse()
	if err := run(*wasm, *cache, *batch); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(wasm, cache string, batch bool) (err error) {
	rt, err := load(wasm, cache)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rt.Close()) }()
	one := func(in io.Reader, out io.Writer) error { return replay(rt, in, out) }
	if batch {
		return trace.Batch(os.Stdin, os.Stdout, one)
	}
	return one(os.Stdin, os.Stdout)
}

func load(wasm, cache string) (*wazerohost.Runtime, error) {
	binary, err := os.ReadFile(wasm)
	if err != nil {
		return nil, err
	}
	built.PruneModules(cache)
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
