//go:build race

package hostfuncs

import (
	"os"
	"os/exec"
)

// Under the race detector wazero takes ten times as long to compile a module.
// So these tests are started once without it, and without a test: TestMain then
// leaves the machine code in the cache.
func init() {
	cmd := exec.Command("go", "test", "-run=^$", "-count=1", ".")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		panic(err)
	}
}
