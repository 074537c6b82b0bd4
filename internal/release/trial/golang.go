package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"

	"github.com/evercreds/evercreds/internal/release/cut"
	"github.com/evercreds/evercreds/internal/release/tree"
)

// golang makes the release in a clone, publishes its modules to a proxy of files, and gets
// each of them into a module and a cache that were empty.
func (p place) golang() (string, error) {
	clone := filepath.Join(p.home, "clone")
	modules, err := p.released(clone)
	if err != nil {
		return "", err
	}
	proxy := filepath.Join(p.home, "proxy")
	for _, m := range modules {
		if err := p.publish(proxy, clone, m); err != nil {
			return "", err
		}
	}
	here, err := p.run(".", nil, "go", "env", "GOPROXY", "GOMODCACHE")
	if err != nil {
		return "", err
	}
	usual, cache, _ := strings.Cut(here, "\n")
	of := func(path string) string { return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String() }
	env := []string{
		"GOWORK=off", "GOFLAGS=-modcacherw", "GONOSUMDB=" + tree.Path, "GOMODCACHE=" + filepath.Join(p.home, "cache"),
		// What this machine has of others' modules is one more proxy.
		"GOPROXY=" + of(proxy) + "," + of(filepath.Join(cache, "cache/download")) + "," + usual,
	}
	for i, m := range modules {
		if err := p.get(fmt.Sprintf("user-%d", i), m, env); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d modules of v%s: go get, a program that imports each, go install of the command", len(modules), p.version), nil
}

// released makes the release in a clone of the tree as it lies here.
func (p place) released(clone string) ([]tree.Module, error) {
	steps := [][]string{
		{"sh", "tools/clone.sh", clone},
		{"git", "-C", clone, "config", "user.name", "The evercreds authors"},
		{"git", "-C", clone, "config", "user.email", "nobody@example.com"},
		{"git", "-C", clone, "config", "tag.gpgsign", "false"},
		{"git", "-C", clone, "config", "commit.gpgsign", "false"},
		{"git", "-C", clone, "add", "--all"},
		{"git", "-C", clone, "commit", "--quiet", "--allow-empty", "--message", "As it lies here"},
	}
	for _, step := range steps {
		if _, err := p.run(".", nil, step...); err != nil {
			return nil, err
		}
	}
	r := cut.Release{Root: clone, Version: p.version, Date: "2026-01-01", Module: "build/evercreds.wasm"}
	if _, err := r.Cut(); err != nil {
		return nil, err
	}
	all, err := tree.Modules(clone)
	var public []tree.Module
	for _, m := range all {
		if m.Public {
			public = append(public, m)
		}
	}
	return public, err
}

// publish writes what a proxy has of a version (https://go.dev/ref/mod#goproxy-protocol),
// from the tag, as a proxy does.
func (p place) publish(proxy, clone string, m tree.Module) error {
	version := "v" + p.version
	folder := filepath.Join(proxy, filepath.FromSlash(m.Path), "@v")
	info, err := json.Marshal(map[string]string{"Version": version, "Time": "2026-01-01T00:00:00Z"})
	if err != nil {
		return err
	}
	tag := m.Tag(p.version)
	described, err := p.run(clone, nil, "git", "show", tag+":"+strings.TrimPrefix(m.Dir+"/go.mod", "./"))
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"list": version + "\n", version + ".info": string(info), version + ".mod": described + "\n"} {
		if err := write(filepath.Join(folder, name), text); err != nil {
			return err
		}
	}
	packed, err := os.Create(filepath.Join(folder, version+".zip"))
	if err != nil {
		return err
	}
	defer packed.Close()
	return cut.Pack(packed, module.Version{Path: m.Path, Version: version}, clone, tag, m.Dir)
}

// get is what a user does with a module.
func (p place) get(name string, m tree.Module, env []string) error {
	dir, err := p.empty(name)
	if err != nil {
		return err
	}
	at := m.Path + "@v" + p.version
	if strings.HasPrefix(m.Dir, "cmd/") {
		if _, err := p.run(dir, append(env, "GOBIN="+dir), "go", "install", at); err != nil {
			return err
		}
		said, err := p.run(dir, nil, filepath.Join(dir, "evercreds"), "--version")
		if err == nil && !strings.Contains(said, "v"+p.version) {
			err = fmt.Errorf("the command says it is %q", said)
		}
		return err
	}
	program := fmt.Sprintf("package main\n\nimport _ %q\n\nfunc main() {}\n", m.Path)
	if err := write(filepath.Join(dir, "main.go"), program); err != nil {
		return err
	}
	for _, args := range [][]string{{"mod", "init", "example.com/user"}, {"get", at}, {"run", "."}, {"mod", "verify"}} {
		if _, err := p.run(dir, env, append([]string{"go"}, args...)...); err != nil {
			return err
		}
	}
	return nil
}
