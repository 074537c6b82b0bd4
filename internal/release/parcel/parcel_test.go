package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func TestTheChecksumsAreOfAReleaseAlone(t *testing.T) {
	dir := t.TempDir()
	put := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range artefacts {
		put(inName.ReplaceAllLiteralString(name, "1.2.3"))
	}
	if err := sums(dir, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if err != nil || strings.Count(string(text), "\n") != len(artefacts) || strings.Contains(string(text), "-V") {
		t.Errorf("%v\n%s", err, text)
	}
	for _, stray := range []string{"evercreds-1.2.3-py3-none-linux_x86_64.whl", "evercreds-1.2.4-py3-none-any.whl", "evercreds-1.2.3.tar.gz", ".env"} {
		put(stray)
		if err := sums(dir, "1.2.3"); err == nil || !strings.Contains(err.Error(), stray) {
			t.Errorf("%s: %v", stray, err)
		}
		_ = os.Remove(filepath.Join(dir, stray))
	}
	_ = os.Remove(filepath.Join(dir, "evercreds-1.2.3-py3-none-any.whl"))
	if err := sums(dir, "1.2.3"); err == nil || !strings.Contains(err.Error(), "any.whl is missing") {
		t.Errorf("without a wheel: %v", err)
	}
}

// The library that tests use has names of Go's too, and no SONAME.
func TestALibraryThatIsNoReleaseIsRefused(t *testing.T) {
	library := "../../../build/libevercreds.so"
	if _, err := os.Stat(library); err != nil {
		t.Skip("no library for Linux is built here (./task build:native)")
	}
	if err := checkLibrary(library); err == nil || !strings.Contains(err.Error(), "which is none of ours") {
		t.Error(err)
	}
}

func TestAListOfWhatIsInside(t *testing.T) {
	parts := []part{
		{name: "a", version: "1", purl: "pkg:golang/a@1", sum: "h1:" + strings.Repeat("A", 43) + "=", licenses: []string{"MIT"}, texts: []file{{"LICENSE", []byte("the terms of a\n")}}},
		{name: "b", version: "2", purl: "pkg:golang/b@2", licenses: []string{"MIT", "Apache-2.0"}},
	}
	p := packer{version: "1.2.3"}
	first, err := p.sbom("it", "pkg:generic/it@1.2.3", cdx.ComponentTypeLibrary, parts)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := p.sbom("it", "pkg:generic/it@1.2.3", cdx.ComponentTypeLibrary, parts)
	if !bytes.Equal(first, second) {
		t.Error("two lists of the same parts differ")
	}
	var bom struct {
		SpecVersion string
		Components  []struct {
			Hashes   []struct{ Content string }
			Licenses []struct {
				License    struct{ ID string }
				Expression string
			}
		}
	}
	if err := json.Unmarshal(first, &bom); err != nil || len(bom.Components) != 2 || bom.SpecVersion != "1.6" {
		t.Fatalf("%v\n%s", err, first)
	}
	a, b := bom.Components[0], bom.Components[1]
	if a.Hashes[0].Content != strings.Repeat("0", 64) || a.Licenses[0].License.ID != "MIT" || b.Licenses[0].Expression != "MIT AND Apache-2.0" {
		t.Errorf("%s", first)
	}
	if text := string(notices(parts)); !strings.Contains(text, "\na 1 (MIT)\n") || !strings.Contains(text, "the terms of a") {
		t.Errorf("%s", text)
	}
}

// Whose terms we don't know is not handed out.
func TestAPartWithoutALicenceIsRefused(t *testing.T) {
	p := part{name: "x", version: "1"}
	if err := p.license("", "LICENSE*"); err == nil {
		t.Error("no folder: no error")
	}
	if err := p.license(t.TempDir(), "LICENSE*"); err == nil || !strings.Contains(err.Error(), "no licence that we know") {
		t.Error(err)
	}
}

// `esbuild notes where a module came from; a second build, elsewhere, gives other bytes`.
func TestAFileThatTellsWhereItWasBuiltIsRefused(t *testing.T) {
	dir := t.TempDir()
	for text, wrong := range map[string]bool{"// module: evercreds.wasm": false, "// module: /home/a/evercreds/evercreds.wasm": true} {
		if err := os.WriteFile(filepath.Join(dir, "module.mjs"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := withoutPath(dir, "/home/a/evercreds"); (err != nil) != wrong {
			t.Errorf("%s: %v", text, err)
		}
	}
}
