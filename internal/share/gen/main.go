// Command gen writes what all languages have of sharing: the test vectors in
// testdata/share, and the scripts for Redis. Its argument is the root of the repository.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// output is one generated file.
type output struct {
	path string
	make func(root string) ([]byte, error)
}

var outputs = []output{
	{"testdata/share/vectors.json", vectors},
	{"bindings/python/src/evercreds/share/_scripts_generated.py", pythonScripts},
	{"bindings/python/src/evercreds/share/testing/cases.json", cases},
	{"bindings/node/src/share/scripts-generated.ts", nodeScripts},
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

func (o output) write(root string) error {
	want, err := o.make(root)
	if err != nil {
		return fmt.Errorf("%s: %w", o.path, err)
	}
	path := filepath.Join(root, o.path)
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, want) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, want, 0o644)
}
