package tree

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// Path is that of the root module; those of all others begin with it.
const Path = "github.com/evercreds/evercreds"

// Modules in these folders serve the project alone: no release tags them.
var ownFolders = []string{"bench/", "examples/", "internal/", "tools/", "users/"}

// Module is one of the project's Go modules.
type Module struct {
	Dir    string // below the root, with slashes; "." is the root itself
	Path   string
	Public bool // a release tags it
	Needs  []string
	parsed *modfile.File
}

func (m Module) file() string { return path.Join(m.Dir, "go.mod") }

// Tag is what Go looks for in the repository (https://go.dev/ref/mod#vcs-version).
func (m Module) Tag(version string) string { return path.Join(m.Dir, "v"+version) }

// Modules gives all modules that git knows, each after those that it needs.
func Modules(root string) ([]Module, error) {
	list := exec.Command("git", "-C", root, "-c", "core.quotePath=false", "ls-files", "--cached", "--others", "--exclude-standard", "go.mod", "*/go.mod")
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	var all []Module
	for file := range strings.SplitSeq(strings.TrimSpace(string(out)), "\n") {
		m, err := read(root, file)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return sorted(all)
}

func read(root, file string) (Module, error) {
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		return Module{}, err
	}
	parsed, err := modfile.Parse(file, text, nil)
	if err != nil {
		return Module{}, err
	}
	dir := path.Dir(file)
	m := Module{Dir: dir, Path: parsed.Module.Mod.Path, parsed: parsed}
	m.Public = !slices.ContainsFunc(ownFolders, func(own string) bool { return strings.HasPrefix(dir+"/", own) })
	for _, r := range parsed.Require {
		if ours(r.Mod.Path) {
			m.Needs = append(m.Needs, r.Mod.Path)
		}
	}
	return m, nil
}

func ours(module string) bool { return module == Path || strings.HasPrefix(module, Path+"/") }

// sorted puts each module after those that it needs, in the order of their folders else.
func sorted(all []Module) ([]Module, error) {
	slices.SortFunc(all, func(a, b Module) int { return strings.Compare(a.Dir, b.Dir) })
	var ordered []Module
	done := map[string]bool{}
	for len(ordered) < len(all) {
		before := len(ordered)
		for _, m := range all {
			missing := func(need string) bool { return !done[need] }
			if !done[m.Path] && !slices.ContainsFunc(m.Needs, missing) {
				done[m.Path] = true
				ordered = append(ordered, m)
			}
		}
		if len(ordered) == before {
			return nil, fmt.Errorf("go.mod files need each other in a ring, or a module that is not here: %d of %d can be put in order", before, len(all))
		}
	}
	return ordered, nil
}

// check says what does not fit the version: what is required of our own modules, and where
// a checkout finds them.
func (m Module) check(version string) []string {
	var wrong []string
	for _, r := range m.parsed.Require {
		if !ours(r.Mod.Path) {
			continue
		}
		if r.Mod.Version != "v"+version {
			wrong = append(wrong, fmt.Sprintf("%s: requires %s, where VERSION has %s", m.file(), r.Mod, version))
		}
		here := slices.ContainsFunc(m.parsed.Replace, func(replaced *modfile.Replace) bool {
			return replaced.Old.Path == r.Mod.Path && path.Join(m.Dir, replaced.New.Path) == folder(r.Mod.Path)
		})
		if !here {
			wrong = append(wrong, fmt.Sprintf("%s: no replace brings %s from its folder", m.file(), r.Mod.Path))
		}
	}
	return wrong
}

func folder(module string) string {
	return path.Join(".", strings.TrimPrefix(strings.TrimPrefix(module, Path), "/"))
}

func (m Module) require(root, version string) error {
	for _, need := range m.Needs {
		if err := m.parsed.AddRequire(need, "v"+version); err != nil {
			return err
		}
	}
	return m.write(root)
}

// DropReplaces takes out what brings our modules from their folders: with it no command of
// the module could be installed (https://go.dev/ref/mod#go-install).
func (m Module) DropReplaces(root string) error {
	for _, need := range m.Needs {
		if err := m.parsed.DropReplace(need, ""); err != nil {
			return err
		}
	}
	return m.write(root)
}

func (m Module) write(root string) error {
	if len(m.Needs) == 0 {
		return nil
	}
	m.parsed.Cleanup()
	text, err := m.parsed.Format()
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, m.file()), text, 0o644)
}
