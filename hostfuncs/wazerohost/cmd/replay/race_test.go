//go:build race

package main

import (
	"os"
	"os/exec"
)

// Under the race detector wazero takes ten times as long to compile a module.
// The tests of package wazerohost, without it, leave the machine code in the
// cache.
func init() {
	cmd := exec.Command("go", "test", "-run=^$", "-count=1", "../..")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		panic(err)
	}
}
