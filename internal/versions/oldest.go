package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// oldest takes what each package states as its floor, and every newer version of the
// languages that there is here or in a registry.
func oldest(ctx context.Context, b *bench) (parts []part, err error) {
	for _, of := range []func(context.Context, *bench) ([]part, error){oldestGo, pythons, nodes} {
		more, err := of(ctx, b)
		if err != nil {
			return nil, err
		}
		parts = append(parts, more...)
	}
	return parts, nil
}

// floors are the lower bounds that pyproject.toml states.
var floors = regexp.MustCompile(`"([a-z0-9-]+)>=([0-9.]+)"`)

// oldestPython pins the lowest versions.
func oldestPython(ctx context.Context, b *bench) (rows []row, err error) {
	stated, err := os.ReadFile(filepath.Join(b.clone, "bindings", "python", "pyproject.toml"))
	if err != nil {
		return nil, err
	}
	path := filepath.Join(b.clone, "bindings", "python", "requirements-dev.txt")
	pins, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	text := string(pins)
	for _, m := range floors.FindAllStringSubmatch(string(stated), -1) {
		line := regexp.MustCompile(`(?m)^` + m[1] + `==.*$`)
		if !line.MatchString(text) {
			continue // hatchling builds; aiobotocore's floor is that of requirements-aioboto3.txt, in test:python too
		}
		r := b.pyPI().look(ctx, "Python floor: ", m[1], ">="+m[2], m[2])
		if r.Red == "" {
			text = line.ReplaceAllString(text, m[1]+"=="+r.Taken)
		}
		rows = append(rows, r)
	}
	return rows, os.WriteFile(path, []byte(text), 0o644)
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

// pythons are the suite on the oldest Python with the lowest versions, and the tests
// of the wheel in an empty environment of each Python.
func pythons(ctx context.Context, b *bench) ([]part, error) {
	all, err := b.interpreters(ctx)
	if err != nil {
		return nil, err
	}
	parts := []part{{"Python floor", oldestPython, []command{{env: []string{"PYTHON=" + all[0].path}, args: []string{"./task", "test:python"}}}}}
	for _, p := range all {
		name := "Python " + p.version
		wheel := command{env: []string{"EVERCREDS_PYTHONS=" + p.path}, args: []string{"./task", "test:python-wheel"}}
		parts = append(parts, part{name, one(name, ">=3.10", p.version), []command{wheel}})
	}
	return parts, nil
}

// nodeMajors are the Nodes that the package is for and that somebody may still have.
var nodeMajors = []string{"20", "22", "24", "26"}

// nodes are the suite on each Node, and with the lowest versions that package.json
// states.
func nodes(_ context.Context, b *bench) (parts []part, err error) {
	suite := []string{"./task", "test:node"}
	for _, major := range nodeMajors {
		dir := filepath.Join(b.home, "node"+major)
		env := []string{"PATH=" + filepath.Join(dir, "node_modules", "node", "bin") + ":" + os.Getenv("PATH")}
		prepare := func(ctx context.Context, b *bench) ([]row, error) { return b.installNode(ctx, major, dir, env) }
		parts = append(parts, part{"Node " + major, prepare, []command{{env: env, args: suite}}})
	}
	// With packages of then npm asks the registry for others, and tests have no network.
	floor := append(slices.Clone(suite), "--", "--exclude", "test/install.test.ts")
	return append(parts, part{"Node floor", oldestNode, []command{{args: floor}}}), nil
}

// installNode brings a Node, whose binary is in the npm package of this name.
func (b *bench) installNode(ctx context.Context, major, dir string, env []string) ([]row, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if _, err := b.command(ctx, installTime, ".", nil, "npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix", dir, "node@"+major); err != nil {
		return nil, err
	}
	version, err := b.command(ctx, lookUpTime, ".", env, "env", "node", "--version")
	return []row{{Name: "Node " + major, Pinned: ">=20", Taken: strings.TrimSpace(version)}}, err
}

// oldestNode writes the lowest versions that package.json states into its lock file.
func oldestNode(ctx context.Context, b *bench) (rows []row, err error) {
	p, err := b.readPackage()
	if err != nil {
		return nil, err
	}
	// Clients of other services are no peers; for session.client they have the same floor.
	stated := p.PeerDependencies
	stated["@aws-sdk/client-s3"] = stated["@aws-sdk/client-sts"]
	for _, name := range []string{"@aws-sdk/client-sts", "@aws-sdk/client-s3", "aws-iot-device-sdk-v2"} {
		rows = append(rows, b.npm().look(ctx, "Node floor: ", name, stated[name], strings.TrimPrefix(stated[name], "^")))
	}
	return rows, b.npmInstall(ctx, rows)
}
