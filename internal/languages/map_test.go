package languages_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every place that CONTRIBUTING.md names in its tables is there.
func TestTheMapLeadsSomewhere(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	places := 0
	for line := range strings.Lines(string(page)) {
		for _, name := range quoted.FindAllStringSubmatch(line, -1) {
			if !strings.HasPrefix(line, "| ") || !strings.Contains(name[1], "/") || strings.HasPrefix(name[1], "./task") {
				continue
			}
			places++
			if _, err := os.Stat(filepath.Join(root, name[1])); err != nil {
				t.Errorf("there is no %s", name[1])
			}
		}
	}
	if places < 30 {
		t.Errorf("%d places are no map", places)
	}
}
