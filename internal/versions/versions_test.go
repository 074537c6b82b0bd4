package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shelf is a registry that lists versions and gives some of their files.
func shelf(listed string, given string) registry {
	return registry{
		list: func(context.Context, string) ([]string, error) { return strings.Fields(listed), nil },
		have: func(_ context.Context, _, version string) error {
			if strings.Contains(" "+given+" ", " "+version+" ") {
				return nil
			}
			return errors.New("not available")
		},
	}
}

func TestTheNewestGivenVersion(t *testing.T) {
	for _, c := range []struct{ listed, given, want, refused string }{
		{"v1.9.0 v1.10.0 v1.2.0", "v1.2.0 v1.9.0 v1.10.0", "v1.10.0", ""},
		{"1.9 1.10 1.11rc1 2.0.0-next.1", "1.9 1.10 1.11rc1 2.0.0-next.1", "1.10", ""},
		{"3.0.0 3.0.1 3.0.2", "3.0.0", "3.0.0", "3.0.2 3.0.1"},
		{"1.0 1.1 1.2 1.3 1.4 1.5", "1.0", "", "1.5 1.4 1.3 1.2 1.1"}, // not one by one down to the first
		{"", "", "", ""},
	} {
		wantRow(t, shelf(c.listed, c.given).look(t.Context(), "", "it", "", ""), c.want, c.refused)
	}
}

func TestOldestVersionIsAtLeastTheFloor(t *testing.T) {
	for _, c := range []struct{ listed, given, floor, want, refused string }{
		{"1.9.0 1.37.9 1.38.0 1.38.1", "1.38.0 1.38.1", "1.38.0", "1.38.0", ""},
		{"0.28.1 0.27.5 0.29.0", "0.28.1 0.29.0", "0.28", "0.28.1", ""}, // no file of the floor itself
		{"40.0.0 41.0.0", "41.0.0", "40", "41.0.0", "40.0.0"},
		{"1.0 1.1", "1.0 1.1", "2", "", ""},
	} {
		wantRow(t, shelf(c.listed, c.given).look(t.Context(), "", "it", "", c.floor), c.want, c.refused)
	}
}

func wantRow(t *testing.T, got row, taken, refused string) {
	t.Helper()
	if got.Taken != taken || (got.Red == "") != (taken != "") || strings.Join(got.Refused, " ") != refused {
		t.Errorf("got %+v, want %q, refused %q", got, taken, refused)
	}
}

func TestClosingsOfEachRunner(t *testing.T) {
	packages := "ok  \tgithub.com/evercreds/evercreds/core\t1.2s\nok  \tgithub.com/evercreds/evercreds/internal/abi\t1.2s\n"
	for log, want := range map[string][]string{
		packages: {"tests of core, abi"},
		packages + "go: 40 passed, 0 failed, 2 skipped (modules: 3)\n": {"40 passed, 0 failed"},
		"==== 1 failed, 30 passed, 1 skipped in 2.51s ====\n" +
			"\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m20 passed\x1b[39m\x1b[22m\x1b[90m | \x1b[39m\x1b[33m3 skipped\x1b[39m (23)\n" +
			"wheel: 90 passed, 0 failed (Python 3.10, any)\n": {"1 failed, 30 passed, 1 skipped", "20 passed, 3 skipped", "90 passed, 0 failed"},
		"nothing": nil,
	} {
		if diff := cmp.Diff(want, closings(log)); diff != "" {
			t.Error(diff)
		}
	}
}

// What goes wrong in one part is its rows' alone, and those of parts that were not
// asked for stay, in the parts' order.
func TestEachPartByItself(t *testing.T) {
	t.Chdir(t.TempDir())
	clone := "mkdir -p tools && printf 'mkdir -p \"$1\"' >tools/clone.sh"
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", clone).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	say := func(text string) command { return command{args: []string{"sh", "-c", text}} }
	parts := []part{
		{"A", one("A: it", "1", "2"), []command{say("echo go: 7 passed, 0 failed"), {args: []string{"true"}, does: "compiled"}}},
		{"B", one("B", "1", "2"), []command{say("echo go: 5 passed, 2 failed; exit 1"), say("echo go: 9 passed, 0 failed")}},
		{"C", func(context.Context, *bench) ([]row, error) { return nil, errors.New("no such version") }, nil},
		{"D", one("D", "1", "2"), []command{say("test ! -e left && touch left && echo go: 1 passed, 0 failed")}},
	}
	play := func(only string) *bench {
		b, err := newBench(t.Context(), "newest", only)
		if err == nil {
			err = b.play(t.Context(), parts)
		}
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := []row{
		{Part: "A", Name: "A: it", Pinned: "1", Taken: "2", Suite: "7 passed, 0 failed; compiled"},
		{Part: "B", Name: "B", Pinned: "1", Taken: "2", Suite: "5 passed, 2 failed", Red: "it failed, see b.log"},
		{Part: "C", Name: "C", Red: "no such version"},
		{Part: "D", Name: "D", Pinned: "1", Taken: "2", Suite: "1 passed, 0 failed"},
	}
	ignoreDay := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Day" }, cmp.Ignore())
	if diff := cmp.Diff(want, play("").rows, ignoreDay); diff != "" {
		t.Error(diff)
	}
	parts[0].prepare = one("A: other", "1", "3")
	parts[1].suite = []command{say("echo go: 7 passed, 0 failed")}
	want[0].Name, want[0].Taken = "A: other", "3"
	want[1].Suite, want[1].Red = "7 passed, 0 failed", ""
	b := play("A,B")
	if diff := cmp.Diff(want, b.rows, ignoreDay); diff != "" || reds(b.rows) != 1 {
		t.Error(diff)
	}
	if got := closingLine("newest", b.rows); got != "newest: 4 packages, 1 red" {
		t.Error(got)
	}
}

// Each program writes its own part of the page, and leaves the other's.
func TestThePageInParts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "versions.md")
	text, err := os.ReadFile("../../docs/reference/versions.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	parts := []part{{name: "A"}, {name: "B"}, {name: "C"}}
	rows := func(name, red string) []row {
		return []row{{Part: "B", Name: name, Taken: "2", Suite: "7 passed", Red: red, Day: "2026-01-02"}}
	}
	for _, each := range []struct {
		kind string
		rows []row
	}{{"newest", rows("one", "")}, {"oldest", rows("two", "")}, {"newest", rows("three", "it failed")}} {
		if err := writePage(file, each.kind, parts, each.rows); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for part, times := range map[string]int{
		"| one |": 0, "| two |  | 2 | 7 passed |": 1, "| three |  | 2 | 7 passed **red: it failed** |": 1,
		"<!-- newest -->": 1, "<!-- end of oldest -->": 1, "`newest: 1 packages, 1 red`; not run yet: A, C\n": 1, "`oldest: 1 packages, 0 red`; not run yet: A, C\n": 1, "Run on 2026-01-02.": 2,
	} {
		if got := strings.Count(string(page), part); got != times {
			t.Errorf("%q: %d times, want %d", part, got, times)
		}
	}
	if err := writePage(file, "other", nil, nil); err == nil {
		t.Error("wrote a part that the page does not have")
	}
}
