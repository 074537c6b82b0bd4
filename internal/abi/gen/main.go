// Command gen writes everything that follows from the table in package abi. Its
// argument is the root of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// output is one generated file. make gets what the file holds now.
type output struct {
	path string
	make func(old string) (string, error)
}

var outputs = []output{
	{"include/evercreds.h", func(string) (string, error) { return header(), nil }},
	{"internal/cabi/exports_generated.go", func(string) (string, error) { return gofmt(cabiShims()) }},
	{"internal/wasm/exports_generated.go", func(string) (string, error) { return gofmt(wasmShims()) }},
	{"bindings/python/src/evercreds/_library/abi_generated.py", func(string) (string, error) { return python(), nil }},
	{"bindings/node/src/library/abi-generated.ts", func(string) (string, error) { return typescript(), nil }},
	{"docs/reference/abi.md", tables},
	{"docs/concepts/errors.md", func(string) (string, error) { return errorsPage(), nil }},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./gen ROOT")
		os.Exit(2)
	}
	for _, o := range outputs {
		if err := o.write(os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
	}
}

// read gives what a file holds and what it should hold.
func (o output) read(root string) (old, want string, err error) {
	b, err := os.ReadFile(filepath.Join(root, o.path))
	if err != nil && !os.IsNotExist(err) {
		return "", "", err
	}
	want, err = o.make(string(b))
	return string(b), want, err
}

func (o output) write(root string) error {
	old, want, err := o.read(root)
	if err != nil || old == want {
		return err
	}
	path := filepath.Join(root, o.path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(want), 0o644)
}
