package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// oldest takes what each package states as its floor, and every newer version of the
// languages that there is here or in a registry.
func oldest(ctx context.Context, b *bench) error {
	for _, part := range []func(context.Context, *bench) error{oldestGo, oldestPython, pythons, nodes, oldestNode} {
		if err := part(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// testGo is the Go that tests need, which have names that the packages do without.
const testGo = "1.25.0"

// imported are our modules that users import, with their packages.
var imported = []struct {
	dir      string
	packages []string
}{
	{".", []string{".", "./core", "./abi", "./hostfuncs"}}, {"mqtt", []string{"./..."}}, {"pkcs11", []string{"./..."}},
	{"hostfuncs/wazerohost", []string{"./..."}}, {"examples/go", []string{"./..."}},
}

// oldestGo compiles each module with the Go that its go.mod names. A toolchain comes as
// a module from the proxy.
func oldestGo(ctx context.Context, b *bench) error {
	for _, m := range imported {
		mod, err := b.readGoMod(ctx, m.dir)
		if err != nil {
			return err
		}
		r := row{Name: "Go module " + m.dir, Pinned: mod.Go, Taken: mod.Go, Suite: "compiled"}
		if m.dir == "." {
			r.Name = "Go module evercreds"
		}
		if !b.wants(r.Name) {
			continue
		}
		floor := []string{"GOTOOLCHAIN=go" + mod.Go}
		if _, err := b.command(ctx, suiteTime, m.dir, floor, append([]string{"go", "build"}, m.packages...)...); err != nil {
			r.Red = err.Error()
		} else if m.dir == "." {
			r.Suite, r.Red = b.oldestImporter(ctx, floor)
		}
		b.add(r)
	}
	if r := (row{Name: "Go tests", Pinned: testGo, Taken: testGo}); b.wants(r.Name) {
		r.Suite, r.Red = b.suite(ctx, "go-"+testGo, []string{"GOTOOLCHAIN=go" + testGo}, "./task", "test:go")
		b.add(r)
	}
	return nil
}

// oldestImporter tests the core by that Go, and a program that imports us, which then
// runs against the stand-in.
func (b *bench) oldestImporter(ctx context.Context, toolchain []string) (ran, why string) {
	ran, why = b.suite(ctx, "go-core", toolchain, "go", "test", "-count=1", "./core", "./core/model")
	if why != "" {
		return ran, why
	}
	program := []string{"EVERCREDS_IMPORTERS_" + toolchain[0]} // for what it builds, not for itself
	more, why := b.suite(ctx, "go-importer", program, "go", "test", "-count=1", "-run", "BuildsAndRuns", "./internal/importer")
	return "compiled; tests of " + strings.ReplaceAll(ran+", "+more, "; ", ", "), why
}

// floors are the lower bounds that pyproject.toml states.
var floors = regexp.MustCompile(`"([a-z0-9-]+)>=([0-9.]+)"`)

// oldestPython runs the suite on the oldest Python, with the lowest versions.
func oldestPython(ctx context.Context, b *bench) error {
	if !b.wants("Python floor") {
		return nil
	}
	stated, err := os.ReadFile(filepath.Join(b.clone, "bindings", "python", "pyproject.toml"))
	if err != nil {
		return err
	}
	path := filepath.Join(b.clone, "bindings", "python", "requirements-dev.txt")
	pins, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, rows := string(pins), []row{}
	for _, m := range floors.FindAllStringSubmatch(string(stated), -1) {
		r := row{Name: "Python floor: " + m[1], Pinned: ">=" + m[2]}
		line := regexp.MustCompile(`(?m)^` + m[1] + `==.*$`)
		if !line.MatchString(text) {
			continue // hatchling builds; aiobotocore's floor is that of requirements-aioboto3.txt, in test:python too
		}
		if r.Taken, r.Refused, err = b.pyPI().oldestOf(ctx, m[1], m[2]); err != nil {
			r.Red = err.Error()
		}
		text = line.ReplaceAllString(text, m[1]+"=="+r.Taken)
		rows = append(rows, r)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	interpreters, err := b.interpreters(ctx)
	if err != nil {
		return err
	}
	ran, why := b.suite(ctx, "python-floor", []string{"PYTHON=" + interpreters[0].path}, "./task", "test:python")
	for _, r := range rows {
		r.Suite = "Python " + interpreters[0].version + ": " + ran
		if r.Red == "" {
			r.Red = why
		}
		b.add(r)
	}
	return os.WriteFile(path, pins, 0o644)
}

type interpreter struct{ version, path string }

// interpreters are those that are here, the oldest first.
func (b *bench) interpreters(ctx context.Context) (all []interpreter, err error) {
	out, err := b.command(ctx, lookUpTime, ".", nil, "sh", "tools/python/interpreters.sh")
	if err != nil {
		return nil, err
	}
	for path := range strings.Lines(out) {
		path = strings.TrimSpace(path)
		version, err := b.command(ctx, lookUpTime, ".", nil, path, "-c", `import sys; print("%d.%d" % sys.version_info[:2], end="")`)
		if err != nil {
			return nil, err
		}
		all = append(all, interpreter{version, path})
	}
	slices.SortFunc(all, func(a, b interpreter) int { return compare(a.version, b.version) })
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no Python here from 3.10 on")
	}
	return all, nil
}

// pythons tests the wheel in an empty environment of each Python.
func pythons(ctx context.Context, b *bench) error {
	all, err := b.interpreters(ctx)
	if err != nil {
		return err
	}
	for _, p := range all {
		r := row{Name: "Python " + p.version, Pinned: ">=3.10", Taken: p.version}
		if !b.wants(r.Name) {
			continue
		}
		r.Suite, r.Red = b.suite(ctx, "python-"+p.version, []string{"EVERCREDS_PYTHONS=" + p.path}, "./task", "test:python-wheel")
		b.add(r)
	}
	return nil
}

// nodeMajors are the Nodes that the package is for and that somebody may still have.
var nodeMajors = []string{"20", "22", "24", "26"}

// nodes run the suite on each Node: its binary is in the npm package of this name.
func nodes(ctx context.Context, b *bench) error {
	for _, major := range nodeMajors {
		r := row{Name: "Node " + major, Pinned: ">=20"}
		if !b.wants(r.Name) {
			continue
		}
		dir := filepath.Join(b.home, "node"+major)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if _, err := b.command(ctx, 10*time.Minute, ".", nil, "npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix", dir, "node@"+major); err != nil {
			r.Red = err.Error()
			b.add(r)
			continue
		}
		path := "PATH=" + filepath.Join(dir, "node_modules", "node", "bin") + ":" + os.Getenv("PATH")
		version, err := b.command(ctx, lookUpTime, ".", []string{path}, "env", "node", "--version")
		if err != nil {
			return err
		}
		r.Taken = strings.TrimSpace(version)
		r.Suite, r.Red = b.suite(ctx, "node-"+major, []string{path}, "./task", "test:node")
		b.add(r)
	}
	return nil
}

// oldestNode runs the suite with the lowest versions that package.json states.
func oldestNode(ctx context.Context, b *bench) error {
	if !b.wants("Node floor") {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(b.clone, "bindings", "node", "package.json"))
	if err != nil {
		return err
	}
	var p struct {
		PeerDependencies map[string]string `json:"peerDependencies"`
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	// Clients of other services are no peers; for session.client they have the same floor.
	stated := p.PeerDependencies
	stated["@aws-sdk/client-s3"] = stated["@aws-sdk/client-sts"]
	install := []string{"npm", "install", "--silent", "--no-audit", "--no-fund", "--save-dev", "--save-exact"}
	var rows []row
	for _, name := range []string{"@aws-sdk/client-sts", "@aws-sdk/client-s3", "aws-iot-device-sdk-v2"} {
		r := row{Name: "Node floor: " + name, Pinned: stated[name]}
		if r.Taken, r.Refused, err = b.npm().oldestOf(ctx, name, strings.TrimPrefix(stated[name], "^")); err != nil {
			r.Red = err.Error()
		} else {
			install = append(install, name+"@"+r.Taken)
		}
		rows = append(rows, r)
	}
	ran, why := "", ""
	if _, err := b.command(ctx, 20*time.Minute, "bindings/node", nil, install...); err != nil {
		why = err.Error()
	} else {
		ran, why = b.suite(ctx, "node-floor", nil, "./task", "test:node")
	}
	for _, r := range rows {
		if r.Suite = ran; r.Red == "" {
			r.Red = why
		}
		b.add(r)
	}
	return nil
}
