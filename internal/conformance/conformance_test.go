package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/trace"
)

// inProcess is the Go host without a program of its own.
func inProcess(text string) (string, error) {
	var out strings.Builder
	err := trace.Replay(strings.NewReader(text), &out, &trace.Native{})
	return out.String(), err
}

// liar answers as the Go host does, but for one word.
func liar(text string) (string, error) {
	out, err := inProcess(text)
	return strings.Replace(out, "phase=fresh", "phase=stale", 1), err
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const scenario = `# one set
open seed=1
  none epoch=0 phase=empty
ask
  refresh ticket=#1 deadline=1m epoch=0 started=#1 cause=first start_deadline=1m wake=1m phase=empty
complete #1 life=1h fp=1
  none epoch=1 settled=#1 phase=fresh notes=installed
`

func TestDifferencesAreShownAndCounted(t *testing.T) {
	broken := func(string) (string, error) { return "", errors.New("exit status 2: line 3: no") }
	hosts := []host{{name: "go", replay: inProcess}, {name: "liar", replay: liar}, {"broken", broken, nil}}
	var out strings.Builder
	good, err := runScenarios(&out, "conformance", hosts, []string{write(t, "one_set.trace", scenario)})
	if err != nil || good {
		t.Fatalf("good=%v, err=%v, want a difference", good, err)
	}
	for _, want := range []string{
		"one_set   ok       differs  differs\n",
		"one_set in liar:\n",
		"-  none epoch=1 settled=#1 phase=fresh notes=installed\n+  none epoch=1 settled=#1 phase=stale notes=installed\n",
		"one_set in broken:\nexit status 2: line 3: no\n",
		"\nconformance: 1 scenarios, 3 hosts, 2 differences\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func TestAlikeHostsAreAllOK(t *testing.T) {
	var out strings.Builder
	hosts := []host{{name: "go", replay: inProcess}, {name: "too", replay: inProcess}}
	good, err := runScenarios(&out, "conformance", hosts, []string{write(t, "one_set.trace", scenario)})
	if err != nil || !good || !strings.HasSuffix(out.String(), "\nconformance: 1 scenarios, 2 hosts, 0 differences\n") {
		t.Errorf("good=%v, err=%v\n%s", good, err, out.String())
	}
}

// TestScenarioWithoutAnswers: the author of a new scenario sees the machine's answers,
// and that all hosts agree.
func TestScenarioWithoutAnswers(t *testing.T) {
	file := write(t, "mine.trace", "open seed=1\nask\ncomplete #1 life=1h fp=1\n")
	var out strings.Builder
	good, err := runScenarios(&out, "conformance", []host{{name: "go", replay: inProcess}, {name: "too", replay: inProcess}}, []string{file})
	if err != nil || !good || !strings.Contains(out.String(), "mine has no answers; those of go:\nopen seed=1\n  none epoch=0") {
		t.Errorf("good=%v, err=%v\n%s", good, err, out.String())
	}
	out.Reset()
	if good, _ = runScenarios(&out, "conformance", []host{{name: "go", replay: inProcess}, {name: "liar", replay: liar}}, []string{file}); good {
		t.Errorf("hosts that differ passed:\n%s", out.String())
	}
}

func TestHostsAreNamedInErrors(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "build"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "build", "core-executor-wazero"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if hosts, err := coreExecutors.selectHosts(root, "go"); err != nil || len(hosts) != 1 {
		t.Errorf("the one built host: %v, %v", hosts, err)
	}
	for only, want := range map[string]string{
		"":         "host c is not built: build/venv/bin/python is missing. Run ./task build, or leave the host out with -hosts",
		"wazero":   "host wazero is not built: build/evercreds.wasm is missing. Run ./task build, or leave the host out with -hosts",
		"go,cobol": `-hosts must be of go, c, wazero, node, wasmtime, not "cobol"`,
	} {
		if _, err := coreExecutors.selectHosts(root, only); err == nil || err.Error() != want {
			t.Errorf("-hosts %q: got %v, want %s", only, err, want)
		}
	}
	const want = "host go is not built: build/host-executor-go is missing. Run ./task hosts, or leave the host out with -hosts"
	if _, err := hostExecutors.selectHosts(root, "go"); err == nil || err.Error() != want {
		t.Errorf("a host executor: got %v, want %s", err, want)
	}
}

// TestHostsAreDocumented keeps the table for embedders in step with the list.
func TestHostsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range coreExecutors.hosts {
		if !strings.Contains(string(page), "\n| "+l.name+" | `") {
			t.Errorf("docs/reference/conformance.md does not list the host %s", l.name)
		}
	}
}

func TestUnified(t *testing.T) {
	want := "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\n"
	got := "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\nm\nn\n"
	const diff = `--- want
+++ got
@@ -1,5 +1,5 @@
 a
-b
+B
 c
 d
 e
@@ -9,5 +9,5 @@
 i
 j
 k
-l
 m
+n
`
	if d := unified(want, got, "want", "got"); d != diff {
		t.Errorf("got\n%s", d)
	}
	if d := unified("", "a\n", "want", "got"); d != "--- want\n+++ got\n@@ -1,0 +1,1 @@\n+a\n" {
		t.Errorf("got\n%s", d)
	}
}
