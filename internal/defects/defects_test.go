// Package defects checks the page that says which Go test looks for which defect
// of the Python predecessor.
package defects

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// directories of the packages that the page names.
var directories = map[string]string{
	"evercreds": ".", "sources": "internal/sources", "core": "core", "sessiontest": "internal/sessiontest", "mqtt": "mqtt",
}

var (
	row      = regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \|(.*)\|$`)
	testName = regexp.MustCompile("`(\\w+)\\.(Test\\w+|trace)`") // or that of a host scenario
)

// rows gives the cells behind each mark of a page, in which no mark is twice.
func rows(t *testing.T, page string) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		if found[m[1]] != nil {
			t.Errorf("%s: %s is there twice", page, m[1])
		}
		found[m[1]] = strings.Split(m[2], "|")
	}
	return found
}

func TestEachMarkHasATestOrAReason(t *testing.T) {
	all, here := rows(t, "docs/evidence/defects.md"), rows(t, "docs/evidence/defects-go.md")
	if len(all) < 58 {
		t.Fatalf("docs/evidence/defects.md has %d marks", len(all))
	}
	exists := map[string]bool{}
	for name, dir := range directories {
		for test := range tests(t, filepath.Join(root, dir)) {
			exists[name+"."+test] = true
		}
	}
	scenarios, _ := filepath.Glob(filepath.Join(root, "testdata", "host", "*.trace"))
	for _, file := range scenarios {
		exists[filepath.Base(file)] = true
	}
	for mark := range all {
		cells := here[mark]
		if len(cells) != 2 {
			t.Errorf("%s: no row of three cells in docs/evidence/defects-go.md", mark)
			continue
		}
		named := testName.FindAllStringSubmatch(cells[1], -1)
		reason, none := strings.CutPrefix(strings.TrimSpace(cells[1]), "none: ")
		if none == (len(named) > 0) || none && len(reason) < 10 {
			t.Errorf("%s: neither a test nor a reason: %q", mark, cells[1])
		}
		for _, test := range named {
			if !exists[test[1]+"."+test[2]] {
				t.Errorf("%s: there is no %s.%s", mark, test[1], test[2])
			}
		}
	}
	for mark := range here {
		if all[mark] == nil {
			t.Errorf("%s is no mark of docs/evidence/defects.md", mark)
		}
	}
}

// tests gives the names of a directory's tests.
func tests(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in %s, %v", dir, err)
	}
	found := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				found[f.Name.Name] = true
			}
		}
	}
	return found
}
