// Package cut makes a release in the repository: a commit in which everything is called by
// the new version and every Go module stands alone, its tags, and a commit after it in which
// the modules find each other in their folders again. It pushes nothing.
package cut

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/evercreds/evercreds/internal/release/tree"
)

// embedded is what Go embeds into hostfuncs. A checkout has none, and a release must.
const embedded = "hostfuncs/module/evercreds.wasm"

// Release is one that is to be made.
type Release struct {
	Root    string // of a clone that has no changes
	Version string // such as "1.2.3"
	Date    string // of the changelog, such as "2026-12-24"
	Module  string // the file of the WASI module, built from this tree
	Sign    bool   // tags are signed, with the key that git is set up for
}

// Cut makes the release, and gives its tags, the root's first.
func (r Release) Cut() ([]string, error) {
	modules, err := r.check()
	if err != nil {
		return nil, err
	}
	if err := r.call(); err != nil {
		return nil, err
	}
	kept, err := r.standAlone(modules)
	if err != nil {
		return nil, err
	}
	var tags []string
	for _, m := range modules {
		tag := m.Tag(r.Version)
		if err := r.tag(tag); err != nil {
			return nil, err
		}
		tags = append(tags, tag)
	}
	return tags, r.goOn(kept)
}

// check gives the modules that the release tags.
func (r Release) check() ([]tree.Module, error) {
	if err := tree.CheckVersion(r.Version); err != nil {
		return nil, err
	}
	changed, err := r.git("status", "--porcelain")
	if err != nil {
		return nil, err
	}
	if changed != "" {
		return nil, fmt.Errorf("the work tree has changes; commit them first:\n%s", changed)
	}
	tags, err := r.git("tag", "--list", "v*")
	if err != nil {
		return nil, err
	}
	for tag := range strings.FieldsSeq(tags) {
		if semver.Compare("v"+r.Version, tag) <= 0 {
			return nil, fmt.Errorf("there is a release %s: a new one must be above it, got %s", tag, r.Version)
		}
	}
	wrong, err := tree.Check(r.Root)
	if err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("not all places agree:\n%s", strings.Join(wrong, "\n"))
	}
	all, err := tree.Modules(r.Root)
	if err != nil {
		return nil, err
	}
	var public []tree.Module
	for _, m := range all {
		if m.Public {
			public = append(public, m)
		}
	}
	return public, nil
}

// call gives everything the new version's name, and commits that.
func (r Release) call() error {
	page, err := os.ReadFile(filepath.Join(r.Root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	fresh, err := changelog(string(page), r.Version, r.Date)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.Root, "CHANGELOG.md"), []byte(fresh), 0o644); err != nil {
		return err
	}
	if _, err := tree.Set(r.Root, r.Version); err != nil {
		return err
	}
	module, err := os.ReadFile(r.Module)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.Root, embedded), module, 0o644); err != nil {
		return err
	}
	if _, err := r.git("add", "--force", embedded); err != nil {
		return err
	}
	_, err = r.git("commit", "--quiet", "--all", "--message", "Release "+r.Version)
	return err
}

// goOn puts back what only a release has otherwise.
func (r Release) goOn(kept map[string][]byte) error {
	for name, text := range kept {
		if err := os.WriteFile(filepath.Join(r.Root, name), text, 0o644); err != nil {
			return err
		}
	}
	// The file stays: it is a product of ./task build.
	if _, err := r.git("rm", "--quiet", "--cached", embedded); err != nil {
		return err
	}
	_, err := r.git("commit", "--quiet", "--all", "--message", "After release "+r.Version+": modules find each other in their folders")
	return err
}
