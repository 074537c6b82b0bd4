package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// python copies the package to a folder that the wheel around this library is built from.
func (p packer) python(library, dir string) error {
	parts, err := inModule()
	if filepath.Ext(library) == ".so" {
		if err := checkLibrary(library); err != nil {
			return err
		}
		parts, err = inLibrary(library)
	}
	if err != nil {
		return err
	}
	return p.stage("bindings/python", dir, "pkg:pypi/evercreds@"+p.version, parts)
}

// node copies the package, with what was built for it, to a folder that is packed.
func (p packer) node(dir string) error {
	parts, err := inModule()
	if err != nil {
		return err
	}
	locked, err := p.locked()
	if err != nil {
		return err
	}
	if locked > 0 {
		return fmt.Errorf("package-lock.json has %d packages that come with ours: their licences must be in the notices", locked)
	}
	if err := p.stage("bindings/node", dir, "pkg:npm/evercreds@"+p.version, parts); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(dir, "dist"), os.DirFS("bindings/node/dist")); err != nil {
		return err
	}
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	return withoutPath(filepath.Join(dir, "dist"), here)
}

// withoutPath refuses files that tell the folder they were built in: another build of the
// same sources would give other bytes.
func withoutPath(dir, built string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte(built)) {
			err = fmt.Errorf("%s has the path of the folder it was built in", path)
		}
		return err
	})
}

// locked counts the packages that an installation brings along, by npm's own list of the
// lock file: there are none, since the SDK is the user's own (a peer).
func (p packer) locked() (int, error) {
	list := exec.Command("npm", "sbom", "--sbom-format=cyclonedx", "--omit=dev", "--omit=peer", "--omit=optional", "--package-lock-only")
	list.Dir = "bindings/node"
	out, err := output(list)
	if err != nil {
		return 0, err
	}
	var bom cdx.BOM
	if err := cdx.NewBOMDecoder(strings.NewReader(out), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
		return 0, err
	}
	if bom.Components == nil {
		return 0, nil
	}
	return len(*bom.Components), nil
}

// stage copies what git knows of a folder: nothing that lies about gets into a package.
func (p packer) stage(from, to, purl string, parts []part) error {
	out, err := output(exec.Command("git", "-c", "core.quotePath=false", "ls-files", "-z", from))
	if err != nil {
		return err
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(out, "\x00"), "\x00") {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(to, strings.TrimPrefix(name, from)), text); err != nil {
			return err
		}
	}
	list, err := p.sbom("evercreds", purl, cdx.ComponentTypeLibrary, parts)
	if err != nil {
		return err
	}
	changes, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{noticesFile: notices(parts), sbomFile: list, "CHANGELOG.md": changes} {
		if err := write(filepath.Join(to, name), text); err != nil {
			return err
		}
	}
	return nil
}

// write leaves a file alone that is so already.
func write(path string, text []byte) error {
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
