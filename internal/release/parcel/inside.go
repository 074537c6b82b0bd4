package main

import (
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"

	"github.com/evercreds/evercreds/internal/release/tree"
)

// A part is other people's work that is inside of an artefact.
type part struct {
	name, version string
	purl          string // https://github.com/package-url/purl-spec
	sum           string // Go's h1, where there is one
	licenses      []string
	texts         []file
}

type file struct {
	name string
	text []byte
}

// inGo lists what a binary of Go's was linked from, by its own record.
func inGo(binary string) ([]part, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", binary, err)
	}
	parts, err := goItself(info.GoVersion)
	if err != nil {
		return nil, err
	}
	folders, err := moduleFolders("cmd/evercreds")
	if err != nil {
		return nil, err
	}
	for _, m := range info.Deps {
		if m.Path == tree.Path || strings.HasPrefix(m.Path, tree.Path+"/") {
			continue
		}
		if m.Replace != nil {
			return nil, fmt.Errorf("%s: %s was replaced, so it is not what go.sum names", binary, m.Path)
		}
		p := part{name: m.Path, version: m.Version, purl: "pkg:golang/" + m.Path + "@" + m.Version, sum: m.Sum}
		if err := p.license(folders[m.Path+"@"+m.Version], "LICEN[CS]E*", "COPYING*", "NOTICE*"); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// inModule lists what the WASI module is linked from: it has no record of that.
func inModule() ([]part, error) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./internal/wasm")
	list.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := output(list)
	if err != nil {
		return nil, err
	}
	for _, module := range strings.Fields(out) {
		if module != tree.Path {
			return nil, fmt.Errorf("the WASI module imports %s: its licence must be in the notices", module)
		}
	}
	version, err := output(exec.Command("go", "env", "GOVERSION"))
	if err != nil {
		return nil, err
	}
	return goItself(strings.TrimSpace(version))
}

// goItself is the runtime and the standard library.
func goItself(version string) ([]part, error) {
	root, err := output(exec.Command("go", "env", "GOROOT"))
	if err != nil {
		return nil, err
	}
	bare := strings.TrimPrefix(version, "go")
	p := part{name: "std", version: bare, purl: "pkg:golang/std@" + bare}
	err = p.license(strings.TrimSpace(root), "LICENSE", "PATENTS")
	return []part{p}, err
}

// inLinker lists what the C compiler of releases links into a library.
func inLinker() ([]part, error) {
	home, err := output(exec.Command("build/venv-wheel/bin/python", "-c", "import ziglang; print(ziglang.__path__[0])"))
	if err != nil {
		return nil, err
	}
	home = strings.TrimSpace(home)
	version, err := output(exec.Command("build/venv-wheel/bin/python", "-m", "ziglang", "version"))
	if err != nil {
		return nil, err
	}
	zig := part{name: "compiler-rt of Zig", version: strings.TrimSpace(version)}
	zig.purl = "pkg:pypi/ziglang@" + zig.version
	if err := zig.license(home, "LICENSE"); err != nil {
		return nil, err
	}
	// Its files allow to link them into anything: the exception of libgcc.
	glibc := part{name: "glibc: start-up code", version: "2.17", purl: "pkg:generic/glibc@2.17", licenses: []string{"LGPL-2.1-or-later WITH GCC-exception-2.0"}}
	text, err := os.ReadFile(filepath.Join(home, "lib/libc/glibc/LICENSES"))
	glibc.texts = []file{{"LICENSES", text}}
	return []part{glibc, zig}, err
}

// license reads the files of these names in a folder, and tells whose licences they are.
func (p *part) license(folder string, patterns ...string) error {
	if folder == "" {
		return fmt.Errorf("%s %s is not in Go's cache of modules: run go mod download", p.name, p.version)
	}
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return err
		}
		for _, path := range found {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			p.texts = append(p.texts, file{filepath.Base(path), text})
			for _, match := range licensecheck.Scan(text).Match {
				if !match.IsURL && !slices.Contains(p.licenses, match.ID) && match.ID != "GooglePatentsFile" {
					p.licenses = append(p.licenses, match.ID)
				}
			}
		}
	}
	if len(p.licenses) == 0 {
		return fmt.Errorf("%s %s: no licence that we know in %s", p.name, p.version, folder)
	}
	return nil
}

// moduleFolders says where each module in the graph of one of ours lies.
func moduleFolders(dir string) (map[string]string, error) {
	list := exec.Command("go", "list", "-m", "-json=Path,Version,Dir", "all")
	list.Dir = dir
	out, err := output(list)
	if err != nil {
		return nil, err
	}
	folders := map[string]string{}
	for d := json.NewDecoder(strings.NewReader(out)); ; {
		var m struct{ Path, Version, Dir string }
		if err := d.Decode(&m); errors.Is(err, io.EOF) {
			return folders, nil
		} else if err != nil {
			return nil, err
		}
		folders[m.Path+"@"+m.Version] = m.Dir
	}
}

func output(cmd *exec.Cmd) (string, error) {
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w", strings.Join(cmd.Args, " "), err)
	}
	return string(out), err
}
