package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// allowed are the packages that may be linked into the machine: no clock,
// randomness, network, files, locks or formatted text among them. The rest is
// what these themselves are made of.
var allowed = map[string]bool{
	"errors": true, "unsafe": true, "runtime": true, "internal": true, "math/bits": true,
	"github.com/evercreds/evercreds/core": true, "github.com/evercreds/evercreds/internal/abi": true,
}

// abiNeeds are what the handle table takes beyond that: locks, for hosts with
// threads.
var abiNeeds = map[string]bool{"sync": true, "sync/atomic": true}

func TestPurity(t *testing.T) {
	for pkg, more := range map[string]map[string]bool{"core": nil, "internal/abi": abiNeeds} {
		list := exec.Command("go", "list", "-deps", "github.com/evercreds/evercreds/"+pkg)
		list.Env = append(list.Environ(), "GOFLAGS=-mod=readonly")
		out, err := list.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		deps := strings.Fields(string(out))
		if len(deps) < 3 {
			t.Fatalf("%s: %d dependencies were listed", pkg, len(deps))
		}
		for _, dep := range deps {
			first, _, _ := strings.Cut(dep, "/")
			if !allowed[dep] && !allowed[first] && !more[dep] {
				t.Errorf("%s depends on %s", pkg, dep)
			}
		}
	}
}

// The machine has no goroutine, channel or select, and no package-level variable
// that anything writes to: all its state is in sessions.
func TestNoHiddenState(t *testing.T) {
	fset := token.NewFileSet()
	files := machineFiles(t, fset)
	globals := packageVariables(files)
	if len(files) < 15 || !globals["presets"] {
		t.Fatalf("%d files, %d variables: the test looks in the wrong place", len(files), len(globals))
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil {
				return false
			}
			if fault := hiddenState(n, globals); fault != "" {
				t.Errorf("%s: %s", fset.Position(n.Pos()), fault)
			}
			return true
		})
	}
}

func machineFiles(t *testing.T, fset *token.FileSet) (files []*ast.File) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

func packageVariables(files []*ast.File) map[string]bool {
	names := map[string]bool{}
	for _, f := range files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, spec := range g.Specs {
				for _, n := range spec.(*ast.ValueSpec).Names {
					names[n.Name] = true
				}
			}
		}
	}
	return names
}

func hiddenState(n ast.Node, globals map[string]bool) string {
	const write = "a package-level variable is written to"
	switch x := n.(type) {
	case *ast.GoStmt, *ast.ChanType, *ast.SelectStmt, *ast.SendStmt:
		return "a goroutine or channel"
	case *ast.FuncDecl:
		if x.Name.Name == "init" && x.Recv == nil {
			return "an init function"
		}
	case *ast.IncDecStmt:
		if globals[root(x.X)] {
			return write
		}
	case *ast.UnaryExpr:
		if x.Op == token.AND && globals[root(x.X)] {
			return "the address of a package-level variable is taken"
		}
	case *ast.AssignStmt:
		for _, e := range x.Lhs {
			if x.Tok != token.DEFINE && globals[root(e)] {
				return write
			}
		}
	}
	return ""
}

// root is the variable that an expression such as a.b[i] belongs to.
func root(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
