// Package importer tests what somebody gets who imports evercreds: a program that
// builds in an empty directory with Go alone, and no module or package more than
// the lists in testdata say.
package importer

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/evercreds/evercreds/internal/awstest"
)

var rewrite = flag.Bool("rewrite", false, "write the lists in testdata anew")

// importer is a module in a directory of its own.
type importer struct {
	t   *testing.T
	dir string
	env []string
}

// newImporter makes one that has the repository in the place of a released
// version. Programs are found where Go itself is, and nowhere else: no Python, no
// Node, no C compiler.
func newImporter(t *testing.T) *importer {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	i := &importer{t: t, dir: filepath.Join(t.TempDir(), "an importer")}
	goRoot := strings.TrimSpace(i.run(root, "go", "env", "GOROOT"))
	toolchain := "local"
	if another := os.Getenv("EVERCREDS_IMPORTERS_GOTOOLCHAIN"); another != "" {
		toolchain = another // ./task oldest: the one that go.mod says is enough
	}
	i.env = append(os.Environ(),
		"PATH="+filepath.Join(goRoot, "bin"), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=mod", "GOTOOLCHAIN="+toolchain,
		"GOOS=", "GOARCH=",
	)
	for name, text := range map[string]string{
		"main.go": read(t, "testdata/program/main.go"),
		// what was downloaded for the repository is what was checked there
		"go.sum": read(t, filepath.Join(root, "go.sum")),
		"go.mod": "module example.com/importer\n\ngo 1.24.0\n\nrequire github.com/evercreds/evercreds v0.0.0\n\n" +
			"replace github.com/evercreds/evercreds => \"" + filepath.ToSlash(root) + "\"\n",
	} {
		if err := os.MkdirAll(i.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(i.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return i
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (i *importer) run(dir, name string, args ...string) string {
	i.t.Helper()
	cmd := exec.CommandContext(i.t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, i.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		i.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

func TestImporterBuildsAndRuns(t *testing.T) {
	i := newImporter(t)
	i.run(i.dir, "go", "build", "-o", "program", ".")
	standIn, err := awstest.Start(awstest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = standIn.Close() }()
	i.env = []string{
		"AWS_ENDPOINT_URL=" + standIn.URL, "AWS_REGION=" + awstest.DefaultRegion, "AWS_ROLE_ARN=" + standIn.RoleARN,
		"AWS_ACCESS_KEY_ID=" + standIn.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + standIn.Base.SecretAccessKey,
	}
	if out := i.run(i.dir, filepath.Join(i.dir, "program")); !strings.Contains(out, ":assumed-role/stand-in/evercreds") {
		t.Errorf("got %q", out)
	}
}

// Each module here is one that users' tools will list, check and ask about, and
// each package is compiled into their programs.
func TestModuleGraphAndPackages(t *testing.T) {
	i := newImporter(t)
	i.run(i.dir, "go", "build", "-o", "program", ".") // fills in go.mod
	i.env = append(i.env, "GOOS=linux", "GOARCH=amd64")
	golden(t, "testdata/module-graph.txt", i.run(i.dir, "go", "list", "-m", "-f", "{{if not .Main}}{{.Path}}{{if not .Replace}} {{.Version}}{{end}}{{end}}", "all"))
	golden(t, "testdata/modules-needed.txt", i.run(i.dir, "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "."))
	golden(t, "testdata/packages.txt", i.run(i.dir, "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "."))
}

// Who makes a store of an engine needs nothing else, neither for it nor for its tests.
func TestStoresNeedTheStandardLibraryAlone(t *testing.T) {
	i := newImporter(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	const share = "github.com/evercreds/evercreds/share"
	got := sortedLines(i.run(root, "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", share+"/sharetest"))
	if diff := cmp.Diff([]string{share + "\n", share + "/sharetest\n"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPublicPackages: a program can import what its author needs, and nothing else. What
// npm has installed may hold packages of Go; a module that was downloaded has none of it.
func TestPublicPackages(t *testing.T) {
	i := newImporter(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/evercreds/evercreds"
	list := i.run(root, "go", "list", "-f", `{{if and .GoFiles (ne .Name "main")}}{{.ImportPath}}{{end}}`, "./...")
	got := slices.DeleteFunc(sortedLines(list), func(pkg string) bool {
		return strings.Contains(pkg, "/internal/") || strings.Contains(pkg, "/node_modules/")
	})
	want := []string{module + "\n", module + "/core\n", module + "/share\n", module + "/share/sharetest\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// golden compares a list, sorted and without repetitions, with the one in a file.
func golden(t *testing.T, file, list string) {
	t.Helper()
	got := strings.Join(sortedLines(list), "")
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(sortedLines(read(t, file)), sortedLines(list)); diff != "" {
		t.Errorf("not as in %s (go test ./internal/importer -rewrite writes it anew):\n%s", file, diff)
	}
}

func sortedLines(text string) []string {
	lines := slices.Sorted(strings.Lines(text))
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "" })
	return slices.Compact(lines)
}
