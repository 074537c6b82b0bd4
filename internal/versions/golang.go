package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// anyToolchain lets modules ask for a newer Go than the one that is here, and go.sum
// hold what is new.
func anyToolchain() []string { return []string{"GOFLAGS=-mod=mod", "GOTOOLCHAIN=auto"} }

// goMod is what is used of a go.mod.
type goMod struct {
	Go      string
	Require []struct {
		Path, Version string
		Indirect      bool
	}
}

func (b *bench) readGoMod(ctx context.Context, dir string) (m goMod, err error) {
	out, err := b.command(ctx, lookUpTime, dir, nil, "go", "mod", "edit", "-json")
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal([]byte(out), &m)
}

// newestGo raises the direct requirements of each of our modules.
func newestGo(ctx context.Context, b *bench) (rows []row, err error) {
	dirs, err := b.command(ctx, lookUpTime, ".", nil, "sh", "tools/go-modules.sh")
	if err != nil {
		return nil, err
	}
	found := map[string]row{}
	for _, dir := range strings.Fields(dirs) {
		m, err := b.readGoMod(ctx, dir)
		if err != nil {
			return nil, err
		}
		for _, need := range m.Require {
			if need.Indirect || strings.HasPrefix(need.Path, "github.com/evercreds/") {
				continue
			}
			r, known := found[need.Path]
			if !known {
				r = b.goProxy().look(ctx, "Go: ", need.Path, need.Version, "")
			}
			if r.Red == "" {
				b.raise(ctx, dir, need.Path, &r)
			}
			found[need.Path] = r
			fmt.Printf("%s: %s %s -> %s %s\n", dir, r.Name, r.Pinned, r.Taken, r.Red)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(found)) {
		rows = append(rows, found[path])
	}
	return rows, b.rewriteGraph(ctx)
}

// raise has a module require a package at the row's version. Where what that version
// itself needs is not given, the module stays as it was.
func (b *bench) raise(ctx context.Context, dir, path string, r *row) {
	kept := map[string][]byte{}
	for _, name := range []string{"go.mod", "go.sum"} {
		kept[name], _ = os.ReadFile(filepath.Join(b.clone, dir, name)) // none: it is made anew
	}
	_, err := b.command(ctx, 5*time.Minute, dir, anyToolchain(), "go", "get", path+"@"+r.Taken)
	if err == nil {
		_, err = b.command(ctx, 5*time.Minute, dir, anyToolchain(), "go", "list", "-deps", "-test", "./...")
	}
	if err == nil {
		return
	}
	for name, text := range kept {
		_ = os.WriteFile(filepath.Join(b.clone, dir, name), text, 0o644)
	}
	r.Refused = append(r.Refused, r.Taken+" ("+err.Error()+")")
	r.Taken = r.Pinned
}

// rewriteGraph brings the lists of modules with their versions up to date, which a
// test compares. The list of their names stays, and is compared.
func (b *bench) rewriteGraph(ctx context.Context) error {
	if _, err := b.command(ctx, suiteTime, ".", anyToolchain(), "go", "test", "./internal/importer", "-run", "Graph", "-rewrite"); err != nil {
		return err
	}
	_, err := b.command(ctx, lookUpTime, ".", nil, "git", "checkout", "--quiet", "internal/importer/testdata/modules-needed.txt")
	return err
}

// testGo is the Go that tests need, which have names that the packages do without.
const testGo = "1.25.0"

// imported are our modules that users import, with their packages.
var imported = []struct {
	dir      string
	packages []string
}{
	{".", []string{".", "./core", "./internal/abi", "./internal/sources", "./share/..."}}, {"mqtt", []string{"./..."}}, {"pkcs11", []string{"./..."}},
	{"share/redisshare", []string{"./..."}}, {"share/dynamoshare", []string{"./..."}}, {"share/s3share", []string{"./..."}}, {"hostfuncs", []string{"./..."}}, {"examples/go", []string{"./..."}},
}

// oldestGo compiles each module with the Go that its go.mod names, a toolchain that
// comes as a module from the proxy. By that Go the core is tested too, and a program
// that imports us, which then runs against the stand-in.
func oldestGo(ctx context.Context, b *bench) (parts []part, err error) {
	for _, m := range imported {
		mod, err := b.readGoMod(ctx, m.dir)
		if err != nil {
			return nil, err
		}
		floor := "GOTOOLCHAIN=go" + mod.Go
		p := part{name: "Go module " + m.dir, suite: []command{
			{dir: m.dir, env: []string{floor}, args: append([]string{"go", "build"}, m.packages...), does: "compiled"},
		}}
		if m.dir == "." {
			p.name = "Go module evercreds"
			p.suite = append(p.suite,
				command{env: []string{floor}, args: []string{"go", "test", "-count=1", "./core", "./internal/proofs/model"}},
				// Its Go is that of what it builds, not its own.
				command{env: []string{"EVERCREDS_IMPORTERS_" + floor}, args: []string{"go", "test", "-count=1", "-run", "BuildsAndRuns", "./internal/importer"}})
		}
		p.prepare = one(p.name, mod.Go, mod.Go)
		parts = append(parts, p)
	}
	tests := command{env: []string{"GOTOOLCHAIN=go" + testGo}, args: []string{"./task", "test:go"}}
	return append(parts, part{"Go tests", one("Go tests", testGo, testGo), []command{tests}}), nil
}
