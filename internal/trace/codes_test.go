package trace

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Each code that a rule knows is in a scenario, so that every host shows that it knows
// it, and none can be lost.
func TestEachCodeHasAScenario(t *testing.T) {
	asked := map[string]bool{}
	files, _ := filepath.Glob(filepath.Join(testdata, "rule_*.trace"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if words := strings.Fields(line); len(words) == 5 && words[0] == "rule" {
				asked[words[1]+" "+words[4]] = true
			}
		}
	}
	for rule, file := range map[string]string{"class": "rule_error_class.go", "evidence": "rule_evidence.go"} {
		known := codesIn(t, filepath.Join(testdata, "..", file))
		if len(known) < 10 {
			t.Errorf("%s has %d codes", file, len(known))
		}
		for _, code := range known {
			if code != "" && !strings.Contains(code, " ") && !asked[rule+" "+code] {
				t.Errorf("no scenario asks for rule %s of %s", rule, code)
			}
		}
	}
}

// codesIn are the texts in the cases of a file.
func codesIn(t *testing.T, path string) (all []string) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if c, ok := n.(*ast.CaseClause); ok {
			for _, e := range c.List {
				if text, ok := e.(*ast.BasicLit); ok && text.Kind == token.STRING {
					code, _ := strconv.Unquote(text.Value)
					all = append(all, code)
				}
			}
		}
		return true
	})
	return all
}
