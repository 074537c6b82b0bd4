package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// SDKs are what users have beside the package, in each language. What only builds,
// checks and runs tests here (pytest, vitest, ruff, the compiler of TypeScript) stays
// as it is pinned.
var (
	pythonSDKs = []string{"boto3", "botocore", "awscrt", "awsiotsdk", "wasmtime", "aiobotocore", "aioboto3", "celery", "gunicorn", "moto"}
	nodeSDKs   = []string{"@aws-sdk/client-sts", "@aws-sdk/client-s3", "@smithy/types", "aws-iot-device-sdk-v2"}
)

// newest takes every SDK at the newest version that there is.
func newest(ctx context.Context, b *bench) error {
	for _, part := range []struct {
		language string
		run      func(context.Context, *bench) ([]row, error)
	}{{"Go", newestGo}, {"Python", newestPython}, {"Node", newestNode}} {
		if !b.wants(part.language) {
			continue
		}
		rows, err := part.run(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", part.language, err)
		}
		ran, why := b.suite(ctx, strings.ToLower(part.language), anyToolchain(), "./task", "test:"+strings.ToLower(part.language))
		for _, r := range rows {
			r.Name, r.Suite = part.language+": "+r.Name, ran
			if r.Red == "" {
				r.Red = why
			}
			b.add(r)
		}
	}
	return nil
}

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

func (b *bench) goModules(ctx context.Context) ([]string, error) {
	out, err := b.command(ctx, lookUpTime, ".", nil, "sh", "tools/go-modules.sh")
	return strings.Fields(out), err
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
	dirs, err := b.goModules(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]row{}
	for _, dir := range dirs {
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
				r = row{Name: need.Path, Pinned: need.Version}
				if r.Taken, r.Refused, err = b.goProxy().newestOf(ctx, need.Path); err != nil {
					r.Red = err.Error()
				}
			}
			if r.Red == "" {
				b.raise(ctx, dir, &r)
			}
			found[need.Path] = r
			fmt.Printf("newest: %s: %s %s -> %s %s\n", dir, r.Name, r.Pinned, r.Taken, r.Red)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		rows = append(rows, found[name])
	}
	return rows, b.rewriteGraph(ctx)
}

// raise has a module require a package at the row's version. Where what that version
// itself needs is not given, the module stays as it was.
func (b *bench) raise(ctx context.Context, dir string, r *row) {
	kept := map[string][]byte{}
	for _, name := range []string{"go.mod", "go.sum"} {
		kept[name], _ = os.ReadFile(filepath.Join(b.clone, dir, name)) // none: it is made anew
	}
	_, err := b.command(ctx, 5*time.Minute, dir, anyToolchain(), "go", "get", r.Name+"@"+r.Taken)
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

// pin is a line of a file of requirements.
var pin = regexp.MustCompile(`(?m)^([a-z0-9-]+)(\[[a-z0-9,]+\])?==([0-9.]+)$`)

// newestPython turns the SDKs' pins into ranges, up to the newest version whose file is
// given: SDKs bind each other, and pip finds the newest that go together.
func newestPython(ctx context.Context, b *bench) (rows []row, err error) {
	found := map[string]row{}
	for _, name := range pythonSDKs {
		r := row{Name: name}
		if r.Taken, r.Refused, err = b.pyPI().newestOf(ctx, name); err != nil {
			r.Red = err.Error()
		}
		found[name] = r
	}
	for file, venv := range map[string]string{
		"requirements-dev.txt": "venv", "requirements-aiobotocore.txt": "venv-aiobotocore", "requirements-aioboto3.txt": "venv-aioboto3",
	} {
		path := filepath.Join(b.clone, "bindings", "python", file)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		ranged := pin.ReplaceAllStringFunc(string(text), func(line string) string {
			m := pin.FindStringSubmatch(line)
			r, ours := found[m[1]]
			if !ours || r.Red != "" {
				return line
			}
			return fmt.Sprintf("%s%s>=%s,<=%s", m[1], m[2], m[3], r.Taken)
		})
		if err := os.WriteFile(path, []byte(ranged), 0o644); err != nil {
			return nil, err
		}
		if rows, err = b.installed(ctx, rows, found, string(text), venv); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.Name, b.Name) })
	return rows, nil
}

// installed makes a virtual environment and adds a row for each SDK in it, with the
// version that it has got.
func (b *bench) installed(ctx context.Context, rows []row, found map[string]row, pins, venv string) ([]row, error) {
	task := "build:venv"
	if venv != "venv" {
		task = "build:venvs-aio"
	}
	if _, err := b.command(ctx, 20*time.Minute, ".", nil, "./task", task); err != nil {
		return nil, err
	}
	list, err := b.command(ctx, lookUpTime, ".", nil, filepath.Join(b.clone, "build", venv, "bin", "python"), "-m", "pip", "list", "--format=freeze")
	if err != nil {
		return nil, err
	}
	for _, m := range pin.FindAllStringSubmatch(pins, -1) {
		r, ours := found[m[1]]
		if !ours {
			continue
		}
		newest := r.Taken
		got := regexp.MustCompile(`(?m)^` + m[1] + `==(.*)$`).FindStringSubmatch(list)
		if got == nil {
			return nil, fmt.Errorf("%s has no %s", venv, m[1])
		}
		if r.Pinned, r.Taken = m[3], got[1]; r.Taken != newest {
			r.Taken += " (others hold " + newest + " back)"
		}
		if venv != "venv" {
			r.Name += " (" + venv + ")"
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// newestNode writes the newest versions into package.json and its lock file.
func newestNode(ctx context.Context, b *bench) (rows []row, err error) {
	pins, err := b.devDependencies()
	if err != nil {
		return nil, err
	}
	install := []string{"npm", "install", "--silent", "--no-audit", "--no-fund", "--save-dev", "--save-exact"}
	for _, name := range nodeSDKs {
		r := row{Name: name, Pinned: pins[name]}
		if r.Taken, r.Refused, err = b.npm().newestOf(ctx, name); err != nil {
			r.Red = err.Error()
		} else {
			install = append(install, name+"@"+r.Taken)
		}
		rows = append(rows, r)
	}
	_, err = b.command(ctx, 20*time.Minute, "bindings/node", nil, install...)
	return rows, err
}

func (b *bench) devDependencies() (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(b.clone, "bindings", "node", "package.json"))
	if err != nil {
		return nil, err
	}
	var p struct {
		DevDependencies map[string]string `json:"devDependencies"`
	}
	return p.DevDependencies, json.Unmarshal(text, &p)
}
