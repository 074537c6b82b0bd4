package abi

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Whatever abi imports is in every library: text formatting and JSON alone
// would double the machine's share of the wasm module.
func TestImportsStaySmall(t *testing.T) {
	allowed := map[string]bool{"unsafe": true, "errors": true, "runtime": true, "math/bits": true, "structs": true}
	cmd := exec.Command("go", "list", "-deps", "../wasm")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		own := strings.HasPrefix(path, "github.com/evercreds/evercreds/")
		if !own && !strings.HasPrefix(path, "internal/") && !allowed[path] {
			t.Errorf("the wasm module depends on %s", path)
		}
	}
}
