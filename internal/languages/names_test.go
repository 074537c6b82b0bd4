package languages_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/built"
)

func rows(t *testing.T) []row {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(built.Root(), "docs", "reference", "names.md"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := read(string(page))
	if err != nil || len(all) < 50 {
		t.Fatalf("%d rows: %v", len(all), err)
	}
	return all
}

// A language may lack a thing, but not without a reason.
func TestNoCellIsEmpty(t *testing.T) {
	for _, r := range rows(t) {
		for language, cell := range map[string]cell{"Python": r.Python, "Go": r.Go, "Node": r.Node} {
			if len(cell.Names) == 0 && !cell.none() {
				t.Errorf("%s has nothing for %s, and no reason: %q", language, r.What, cell.Text)
			}
		}
	}
}

// The page that the product was asked for from is not ours to carry: it is looked
// for beside the clone.
func TestPredecessorsNamesHaveRows(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(built.Root(), "..", "shared", "seed", "RefreshableSession.txt"))
	if err != nil {
		t.Skipf("the page is not there: %v", err)
	}
	names := regexp.MustCompile(`(?m)^(\w+)(?:Literal\[|bool = |int = )|^(\w+)\(.*\) -> |^(cache|credentials)$|^[>. ]+([a-z]\w*)=`).FindAllStringSubmatch(string(page), -1)
	seen := map[string]bool{}
	for _, found := range names {
		name := strings.Join(found[1:], "")
		seen[name] = true
		known := false
		for _, r := range rows(t) {
			known = known || regexp.MustCompile("`"+name+`\b`).MatchString(r.What)
		}
		if !known {
			t.Errorf("no row is of %s", name)
		}
	}
	for _, name := range []string{"method", "defer_refresh", "cache", "whoami", "client", "custom_credentials_method_args", "private_key"} {
		if !seen[name] {
			t.Errorf("%s was not read from the page", name)
		}
	}
}

// TestGoNames has the compiler look the names up, in files that are added to the
// packages for this one build.
func TestGoNames(t *testing.T) {
	packages := map[string]string{"evercreds": ".", "mqtt": "mqtt", "pkcs11": "pkcs11"}
	files := map[string]*bytes.Buffer{}
	for name := range packages {
		files[name] = bytes.NewBufferString("package " + name + "\n")
	}
	for _, r := range rows(t) {
		for _, name := range r.Go.Names {
			parts := strings.Split(strings.ReplaceAll(name, "[C, O]", "[int, int]"), ".")
			to := "evercreds"
			if _, ok := packages[parts[0]]; ok {
				to, parts = parts[0], parts[1:]
			}
			switch {
			case name == "aws.Config": // the SDK's
			case name == "Attended": // of an interface without a name
			case len(parts) == 2 && exported(parts...):
				fmt.Fprintf(files[to], "func _(v *%s) any { return v.%s }\n", parts[0], parts[1])
			case len(parts) == 1 && exported(parts...):
				fmt.Fprintf(files[to], "func _() { _ = %s }\n", parts[0])
			default:
				t.Errorf("%s: Go has no such name", name)
			}
		}
	}
	for name, dir := range packages {
		compile(t, filepath.Join(built.Root(), dir), files[name].String())
	}
}

func exported(names ...string) bool {
	for _, name := range names {
		if name == "" || name[0] < 'A' || name[0] > 'Z' {
			return false
		}
	}
	return true
}

// compile builds the package in dir with one file more, which exists nowhere else.
func compile(t *testing.T, dir, file string) {
	t.Helper()
	scratch := t.TempDir()
	added, overlay := filepath.Join(scratch, "names.go"), filepath.Join(scratch, "overlay.json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(dir, "names_of_the_table.go"): added}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{added: []byte(file), overlay: text} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-e", "-overlay", overlay, ".")
	build.Dir = dir
	out, err := build.CombinedOutput()
	told := false
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, filepath.Base(added)+":") {
			continue
		}
		told = true
		if !strings.Contains(line, "(type) is not an expression") { // which is as good: it is there
			t.Error(strings.TrimSpace(line))
		}
	}
	if err != nil && !told {
		t.Errorf("%v: %s", err, out)
	}
}
