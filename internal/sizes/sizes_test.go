package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReportCountsWhatIsOverBudget(t *testing.T) {
	dir := t.TempDir()
	// 5,000 equal bytes compress to well under 100.
	write(t, dir, "even", bytes.Repeat([]byte{7}, 5000))
	tests := []struct {
		name string
		one  artefact
		over int
	}{
		{"raw at the budget", artefact{name: "even", budget: 5000}, 0},
		{"raw one byte over", artefact{name: "even", budget: 4999}, 1},
		{"gzipped far under", artefact{name: "even", budget: 100, gzipped: true}, 0},
		{"gzipped over", artefact{name: "even", budget: 10, gzipped: true}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			over, err := report(&out, dir, []artefact{test.one})
			if err != nil {
				t.Fatal(err)
			}
			if over != test.over {
				t.Errorf("over budget: got %d, want %d\n%s", over, test.over, &out)
			}
			if marked := strings.Contains(out.String(), "OVER BUDGET"); marked != (test.over > 0) {
				t.Errorf("marked as over: %v\n%s", marked, &out)
			}
		})
	}
}

func TestReportNamesTheMissingArtefact(t *testing.T) {
	_, err := report(&strings.Builder{}, t.TempDir(), []artefact{{name: "absent.wasm", budget: 1}})
	if err == nil || !strings.Contains(err.Error(), "absent.wasm") {
		t.Errorf("got %v, want an error that names absent.wasm", err)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 634880: "634,880", 1234567: "1,234,567", -4096: "-4,096",
	} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d): got %q, want %q", n, got, want)
		}
	}
}
