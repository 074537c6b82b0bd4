package cut

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/release/tree"
)

// clone gives a copy of this repository with the tree as it lies here, committed.
func clone(t *testing.T) Release {
	t.Helper()
	root := filepath.Join(t.TempDir(), "clone")
	here, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	script := exec.Command("sh", "tools/clone.sh", root)
	script.Dir = here
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	module := filepath.Join(t.TempDir(), "evercreds.wasm")
	if err := os.WriteFile(module, []byte("\x00asm\x01\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := Release{Root: root, Version: "1.8.9", Date: "2026-12-24", Module: module}
	for _, args := range [][]string{
		{"config", "user.name", "The evercreds authors"}, {"config", "user.email", "nobody@example.com"},
		{"config", "commit.gpgsign", "false"}, {"config", "tag.gpgsign", "false"},
		{"add", "--all"}, {"commit", "--quiet", "--allow-empty", "--message", "As it lies here"},
	} {
		if _, err := r.git(args...); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// All that a release does, in a clone that is thrown away.
func TestARelease(t *testing.T) {
	r := clone(t)
	tags, err := r.Cut()
	if err != nil {
		t.Fatal(err)
	}
	if tags[0] != "v1.8.9" || !slices.Contains(tags, "cmd/evercreds/v1.8.9") || !slices.Contains(tags, "share/redisshare/v1.8.9") {
		t.Errorf("tags: %v", tags)
	}
	show := func(name string) string {
		t.Helper()
		out, err := r.git("show", "v1.8.9:"+name)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	command := show("cmd/evercreds/go.mod")
	if strings.Contains(command, "replace") || !strings.Contains(command, tree.Path+" v1.8.9\n") || !strings.Contains(command, tree.Path+"/pkcs11 v1.8.9\n") {
		t.Errorf("the command's module does not stand alone:\n%s", command)
	}
	if show("VERSION") != "1.8.9\n" || !strings.Contains(show("bindings/node/package.json"), `"version": "1.8.9"`) {
		t.Error("VERSION and package.json do not tell the new version")
	}
	if !strings.HasPrefix(show(embedded), "\x00asm") {
		t.Error("the release has no WASI module to embed")
	}
	if page := show("CHANGELOG.md"); !strings.Contains(page, unreleased+"\n\n## [1.8.9] - 2026-12-24\n") || !strings.Contains(page, "/compare/v1.8.9...main\n") {
		t.Errorf("the changelog:\n%.600s", page)
	}
	if state, err := r.git("status", "--porcelain"); err != nil || state != "" {
		t.Errorf("the work tree: %v\n%s", err, state)
	}
	if wrong, err := tree.Check(r.Root); err != nil || len(wrong) > 0 {
		t.Errorf("the tree after the release: %v %v", err, wrong)
	}
	t.Run("sums are those of what was tagged", func(t *testing.T) { sumsAreTrue(t, r) })
	t.Run("a second one must be above it", func(t *testing.T) {
		if _, err := r.Cut(); err == nil || !strings.Contains(err.Error(), "there is a release v1.8.9") {
			t.Error(err)
		}
	})
}

func sumsAreTrue(t *testing.T, r Release) {
	if _, err := r.git("checkout", "--quiet", "v1.8.9"); err != nil {
		t.Fatal(err)
	}
	modules, err := tree.Modules(r.Root)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string][]string{}
	for _, m := range modules {
		if !m.Public {
			continue
		}
		if sums[m.Path], err = r.sums(m); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(r.Root, m.Dir, "go.sum"))
		if err != nil {
			t.Fatal(err)
		}
		for _, need := range m.Needs {
			for _, line := range sums[need] {
				if !strings.Contains(string(text), line+"\n") {
					t.Errorf("%s/go.sum has no line %s", m.Dir, line)
				}
			}
		}
	}
	if _, err := r.git("checkout", "--quiet", "-"); err != nil {
		t.Fatal(err)
	}
}

func TestAReleaseIsRefused(t *testing.T) {
	r := clone(t)
	if err := os.WriteFile(filepath.Join(r.Root, "VERSION"), []byte("1.9.9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Cut(); err == nil || !strings.Contains(err.Error(), "has changes") {
		t.Errorf("with changes: %v", err)
	}
	if _, err := r.git("commit", "--quiet", "--all", "--message", "A version by hand"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Cut(); err == nil || !strings.Contains(err.Error(), "where VERSION has 1.9.9") {
		t.Errorf("with a version by hand: %v", err)
	}
	r.Version = "v1"
	if _, err := r.Cut(); err == nil || !strings.Contains(err.Error(), "three numbers") {
		t.Errorf("no version: %v", err)
	}
}

func TestTheChangelog(t *testing.T) {
	const link = "\n[Unreleased]: https://example.com/e/compare/v1.0.0...main\n[1.0.0]: https://example.com/e/releases/tag/v1.0.0\n"
	const old = "## [1.0.0] - 2026-01-01\n\n- First.\n"
	page, err := changelog("# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A thing.\n\n"+old+link, "1.1.0", "2026-02-02")
	want := "# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2026-02-02\n\n### Added\n\n- A thing.\n\n" + old +
		"\n[Unreleased]: https://example.com/e/compare/v1.1.0...main\n[1.1.0]: https://example.com/e/compare/v1.0.0...v1.1.0\n[1.0.0]: https://example.com/e/releases/tag/v1.0.0\n"
	if err != nil || page != want {
		t.Errorf("%v\n%s", err, page)
	}
	for name, page := range map[string]string{
		"nothing to tell": "## [Unreleased]\n\n" + old + link,
		"told already":    "## [Unreleased]\n\n- A.\n\n## [1.1.0] - 2026-01-01\n" + link,
		"no section":      old + link,
		"no link":         "## [Unreleased]\n\n- A.\n",
	} {
		if _, err := changelog(page, "1.1.0", "2026-02-02"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
