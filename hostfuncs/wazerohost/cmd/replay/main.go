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
	if err := replay(*wasm, *cache, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func replay(wasm, cache string, in io.Reader, to io.Writer) (err error) {
	binary, err := os.ReadFile(wasm)
	if err != nil {
		return err
	}
	ctx := context.Background()
	rt, err := wazerohost.New(ctx, binary, wazerohost.Config{CacheDir: cache})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rt.Close()) }()
	m, err := newMachine(ctx, rt)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(to)
	return errors.Join(trace.Replay(in, out, m), m.err, out.Flush())
}
