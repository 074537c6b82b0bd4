package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	hosts := []host{{"go", inProcess, nil}, {"liar", liar, nil}, {"broken", broken, nil}}
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
	hosts := []host{{"go", inProcess, nil}, {"too", inProcess, nil}}
	good, err := runScenarios(&out, "conformance", hosts, []string{write(t, "one_set.trace", scenario)})
	if err != nil || !good || !strings.HasSuffix(out.String(), "\nconformance: 1 scenarios, 2 hosts, 0 differences\n") {
		t.Errorf("good=%v, err=%v\n%s", good, err, out.String())
	}
}

// TestScenarioWithoutAnswers: who writes one of his own wants to see what the
// machine answers, and that all hosts agree.
func TestScenarioWithoutAnswers(t *testing.T) {
	file := write(t, "mine.trace", "open seed=1\nask\ncomplete #1 life=1h fp=1\n")
	var out strings.Builder
	good, err := runScenarios(&out, "conformance", []host{{"go", inProcess, nil}, {"too", inProcess, nil}}, []string{file})
	if err != nil || !good || !strings.Contains(out.String(), "mine has no answers; those of go:\nopen seed=1\n  none epoch=0") {
		t.Errorf("good=%v, err=%v\n%s", good, err, out.String())
	}
	out.Reset()
	if good, _ = runScenarios(&out, "conformance", []host{{"go", inProcess, nil}, {"liar", liar, nil}}, []string{file}); good {
		t.Errorf("hosts that differ passed:\n%s", out.String())
	}
}

// A scenario that ends a batch is not to count against the others of it.
func TestABatchThatFailsIsReplayedOneByOne(t *testing.T) {
	batches := 0
	batch := func(texts []string) ([]string, error) {
		batches++
		return nil, errors.New("exit status 2")
	}
	replay := func(text string) (string, error) {
		if strings.Contains(text, "fp=2") {
			return "", errors.New("exit status 2: a fault")
		}
		return inProcess(text)
	}
	files := []string{
		write(t, "one_set.trace", scenario),
		write(t, "another.trace", "open seed=1\nask\ncomplete #1 life=1h fp=2\n"),
	}
	var out strings.Builder
	good, err := runScenarios(&out, "conformance", []host{{"go", inProcess, nil}, {"faulty", replay, batch}}, files)
	if err != nil || good || batches != 1 || !strings.Contains(out.String(), "one_set   ok       ok\n") ||
		!strings.HasSuffix(out.String(), "exit status 2: a fault\n\nconformance: 2 scenarios, 2 hosts, 1 differences\n") {
		t.Errorf("good=%v, err=%v, %d batches\n%s", good, err, batches, out.String())
	}
	out.Reset()
	good, err = runScenarios(&out, "conformance", []host{{"go", inProcess, batch}}, files)
	if err != nil || good || !strings.Contains(out.String(), "only in a batch: exit status 2\n") {
		t.Errorf("a batch that fails for no scenario: good=%v, err=%v\n%s", good, err, out.String())
	}
}

// A batch is written and taken apart as hosts do it.
func TestBatchesAreTakenApart(t *testing.T) {
	texts := []string{"clock\n", "+1s clock", "# nothing\n"}
	var out strings.Builder
	err := trace.Batch(strings.NewReader(joined(texts)), &out, func(in io.Reader, out io.Writer) error {
		return trace.Replay(in, out, &trace.Native{})
	})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := parted(out.String(), len(texts))
	want := []string{"clock\n  clock wall=0s elapsed=0s\n", "+1s clock\n  clock wall=1s elapsed=1s\n", ""}
	if err != nil || !slices.Equal(parts, want) {
		t.Errorf("%q, %v", parts, err)
	}
	for _, short := range []string{"", "===\n===\n", out.String() + "===\n", out.String() + "more\n"} {
		if _, err := parted(short, len(texts)); err == nil {
			t.Errorf("%q passed for the answers to %d scenarios", short, len(texts))
		}
	}
}

func TestHostsAreNamedInErrors(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "build"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "build", "replay-go"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if hosts, err := selectHosts(root, "go", allHosts, listed.host); err != nil || len(hosts) != 1 {
		t.Errorf("the one built host: %v, %v", hosts, err)
	}
	for only, want := range map[string]string{
		"":         "host c is not built: build/venv/bin/python is missing. Run ./task build, or leave the host out with -hosts",
		"wazero":   "host wazero is not built: build/replay-wazero is missing. Run ./task build, or leave the host out with -hosts",
		"go,cobol": `-hosts must be of go, c, wazero, node, not "cobol"`,
	} {
		if _, err := selectHosts(root, only, allHosts, listed.host); err == nil || err.Error() != want {
			t.Errorf("-hosts %q: got %v, want %s", only, err, want)
		}
	}
}

// TestHostsAreDocumented keeps the table for embedders in step with the list.
func TestHostsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range allHosts {
		if !strings.Contains(string(page), "\n| "+l.name+" | `") {
			t.Errorf("docs/conformance.md does not list the host %s", l.name)
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
