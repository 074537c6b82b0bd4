package main

import (
	"os"
	"path/filepath"
)

// cases are those of the package sharetest. A language that cannot read them there has a
// copy in its own package.
func cases(root string) ([]byte, error) {
	return os.ReadFile(filepath.Join(root, "share", "sharetest", "cases.json"))
}
