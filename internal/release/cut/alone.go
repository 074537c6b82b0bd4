package cut

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"

	"github.com/evercreds/evercreds/internal/release/tree"
)

// standAlone has each module take ours from where users do: without replace, and with the
// checksums of what the tags will hold. A module's checksum is known when all that it needs
// stands, so each is amended to the commit before the next is computed. It gives what the
// files had before.
func (r Release) standAlone(modules []tree.Module) (map[string][]byte, error) {
	// Set wrote them anew.
	modules, err := again(r.Root, modules)
	if err != nil {
		return nil, err
	}
	kept := map[string][]byte{}
	sums := map[string][]string{}
	for _, m := range modules {
		if len(m.Needs) > 0 {
			if err := r.alone(m, kept, sums); err != nil {
				return nil, err
			}
		}
		if sums[m.Path], err = r.sums(m); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

func again(root string, modules []tree.Module) ([]tree.Module, error) {
	all, err := tree.Modules(root)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(m tree.Module) bool {
		return !slices.ContainsFunc(modules, func(each tree.Module) bool { return each.Path == m.Path })
	}), nil
}

func (r Release) alone(m tree.Module, kept map[string][]byte, sums map[string][]string) error {
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(r.Root, m.Dir, name))
		if err != nil {
			return err
		}
		kept[filepath.Join(m.Dir, name)] = text
	}
	if err := m.DropReplaces(r.Root); err != nil {
		return err
	}
	name := filepath.Join(m.Dir, "go.sum")
	lines := strings.Split(strings.TrimSpace(string(kept[name])), "\n")
	for _, need := range m.Needs {
		lines = append(lines, sums[need]...)
	}
	slices.Sort(lines)
	if err := os.WriteFile(filepath.Join(r.Root, name), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	_, err := r.git("commit", "--quiet", "--all", "--amend", "--no-edit")
	return err
}

// sums are the two lines that go.sum has of a module (https://go.dev/ref/mod#go-sum-files).
func (r Release) sums(m tree.Module) ([]string, error) {
	version := module.Version{Path: m.Path, Version: "v" + r.Version}
	packed, err := os.CreateTemp("", "evercreds-*.zip")
	if err != nil {
		return nil, err
	}
	defer os.Remove(packed.Name())
	defer packed.Close()
	if err := Pack(packed, version, r.Root, "HEAD", m.Dir); err != nil {
		return nil, err
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	all, err := dirhash.HashZip(packed.Name(), dirhash.Hash1)
	if err != nil {
		return nil, err
	}
	described, err := hashOf(filepath.Join(r.Root, m.Dir, "go.mod"))
	if err != nil {
		return nil, err
	}
	name := version.Path + " " + version.Version
	return []string{name + " " + all, name + "/go.mod " + described}, nil
}

// Pack writes a module as a proxy would serve it from a revision of a repository.
func Pack(to *os.File, version module.Version, root, revision, dir string) error {
	if dir == "." {
		dir = ""
	}
	return zip.CreateFromVCS(to, version, root, revision, dir)
}

func (r Release) tag(name string) error {
	kind := "--annotate"
	if r.Sign {
		kind = "--sign"
	}
	_, err := r.git("tag", kind, "--message", name, name)
	return err
}

func (r Release) git(args ...string) (string, error) {
	out, err := exec.Command("git", append([]string{"-C", r.Root}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}
