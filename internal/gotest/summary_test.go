package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// summarize runs the real go test over a module of one test file.
func summarize(t *testing.T, body string) (*summary, string) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":    "module probe\n\ngo 1.24\n",
		"a_test.go": "package probe\n\nimport \"testing\"\n\n" + body,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	sum := newSummary(&out)
	if err := runModule(sum, dir, []string{"-vet=off", "./..."}); err != nil {
		t.Fatal(err)
	}
	return sum, out.String()
}

func TestOutputHasCountsFailuresAndSkips(t *testing.T) {
	sum, out := summarize(t, `
func TestGood(t *testing.T) { t.Log("quiet"); t.Run("sub", func(t *testing.T) {}) }
func TestBad(t *testing.T)  { t.Error("loud") }
func TestLater(t *testing.T) { t.Skip("reason") }
`)
	if got, want := sum.String(), "2 passed, 1 failed, 1 skipped"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, want := range []string{"loud", "reason", "FAIL\tprobe"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "quiet") {
		t.Errorf("output shows the log of a test that passed:\n%s", out)
	}
}

func TestAPanicIsAFailureWithItsOutput(t *testing.T) {
	sum, out := summarize(t, `
func TestGood(t *testing.T)   {}
func TestPanics(t *testing.T) { panic("blown up") }
`)
	if sum.failed != 1 || sum.passed != 1 {
		t.Errorf("got %s, want 1 passed and 1 failed", sum)
	}
	if !strings.Contains(out, "blown up") {
		t.Errorf("output lacks the panic:\n%s", out)
	}
}

func TestAPackageThatDoesNotBuildIsAFailure(t *testing.T) {
	sum, out := summarize(t, "func TestNever(t *testing.T) { undefinedThing() }\n")
	if sum.failed != 1 || sum.passed != 0 {
		t.Errorf("got %s, want 1 failed", sum)
	}
	if !strings.Contains(out, "undefinedThing") {
		t.Errorf("output lacks the compiler's message:\n%s", out)
	}
}

func TestRunModuleReportsAMissingModule(t *testing.T) {
	err := runModule(newSummary(&strings.Builder{}), filepath.Join(t.TempDir(), "absent"), nil)
	if err == nil {
		t.Error("got no error for a directory that is not there")
	}
}
