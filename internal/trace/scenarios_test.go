package trace

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewriteAnswers = flag.Bool("rewrite", false, "write the answers of the Go host into the scenarios, to be reviewed")

const testdata = "../../core/testdata"

// TestScenarios replays every scenario in the Go host.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.trace"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios in %s: %v", testdata, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".trace"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := Replay(bytes.NewReader(text), &got, &Native{}); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if *rewriteAnswers {
				if err := os.WriteFile(file, []byte(rewrite(string(text), got.String())), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(lines(Expected(string(text))), lines(got.String())); diff != "" {
				t.Errorf("%s: answers differ (-file +machine):\n%s", file, diff)
			}
		})
	}
}

// TestScenariosHaveProse keeps the prose in: a scenario that nobody can
// judge proves nothing.
func TestScenariosHaveProse(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(testdata, "*.trace"))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		header, _, _ := strings.Cut(string(text), "\n\n")
		if !strings.HasPrefix(header, "# ") || len(header) < 80 {
			t.Errorf("%s must open with a comment that says what is proved and why it matters", file)
		}
	}
}

// rewrite puts the answers of a replay behind the events of a scenario, in the
// place of those that are there. Comments and empty lines stay.
func rewrite(text, replayed string) string {
	answers := lines(replayed)
	var out []string
	for _, line := range lines(text) {
		switch {
		case line == "" || line[0] == '#':
			out = append(out, line)
		case line[0] != ' ' && line[0] != '\t':
			out = append(out, answers[0], answers[1])
			answers = answers[2:]
		}
	}
	return strings.Join(out, "\n") + "\n"
}

func TestRewriteKeepsCommentsAndReplacesAnswers(t *testing.T) {
	text := "# prose\n\nclock wall=1s  \n  an old answer\n\n# more\nclock wall=1s\n"
	want := "# prose\n\nclock wall=1s\n  clock wall=1s elapsed=0s\n\n# more\nclock wall=1s\n  clock wall=2s elapsed=0s\n"
	var got bytes.Buffer
	if err := Replay(strings.NewReader(text), &got, &Native{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, rewrite(text, got.String())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Expected(want), got.String()); diff != "" {
		t.Errorf("a rewritten scenario does not expect what was answered: %s", diff)
	}
}

func lines(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
