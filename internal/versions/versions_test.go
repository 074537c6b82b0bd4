package main

import (
	"context"
	"errors"
	"os"
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
		got, refused, err := shelf(c.listed, c.given).newestOf(t.Context(), "it")
		if got != c.want || (err == nil) != (c.want != "") || strings.Join(refused, " ") != c.refused {
			t.Errorf("%s: got %q, refused %v, %v", c.listed, got, refused, err)
		}
	}
}

func TestTheOldestThatIsNoLowerThanTheFloor(t *testing.T) {
	for _, c := range []struct{ listed, given, floor, want, refused string }{
		{"1.9.0 1.37.9 1.38.0 1.38.1", "1.38.0 1.38.1", "1.38.0", "1.38.0", ""},
		{"0.28.1 0.27.5 0.29.0", "0.28.1 0.29.0", "0.28", "0.28.1", ""}, // no file of the floor itself
		{"40.0.0 41.0.0", "41.0.0", "40", "41.0.0", "40.0.0"},
		{"1.0 1.1", "1.0 1.1", "2", "", ""},
	} {
		got, refused, err := shelf(c.listed, c.given).oldestOf(t.Context(), "it", c.floor)
		if got != c.want || (err == nil) != (c.want != "") || strings.Join(refused, " ") != c.refused {
			t.Errorf("%s from %s: got %q, refused %v, %v", c.listed, c.floor, got, refused, err)
		}
	}
}

func TestClosingsOfEachRunner(t *testing.T) {
	log := "ok  \tgithub.com/evercreds/evercreds/core\t1.2s\n" +
		"go: 40 passed, 0 failed, 2 skipped (modules: 3)\n" +
		"==== 1 failed, 30 passed, 1 skipped in 2.51s ====\n" +
		"\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m20 passed\x1b[39m\x1b[22m\x1b[90m | \x1b[39m\x1b[33m3 skipped\x1b[39m (23)\n" +
		"wheel: 90 passed, 0 failed (Python 3.10, any)\n"
	want := []string{"core", "40 passed, 0 failed", "1 failed, 30 passed, 1 skipped", "20 passed, 3 skipped", "90 passed, 0 failed"}
	if diff := cmp.Diff(want, closings(log)); diff != "" {
		t.Error(diff)
	}
}

// Each program writes its own part of the page, and leaves the other's.
func TestThePageInParts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "versions.md")
	text, err := os.ReadFile("../../docs/versions.md")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	rows := func(name, red string) []row {
		return []row{{Name: name, Taken: "2", Suite: "7 passed", Red: red, Day: "2026-01-02"}}
	}
	for _, each := range []struct {
		kind string
		rows []row
	}{{"newest", rows("one", "")}, {"oldest", rows("two", "")}, {"newest", rows("three", "it failed")}} {
		if err := writePage(file, each.kind, each.rows); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for part, times := range map[string]int{
		"| one |": 0, "| two |  | 2 | 7 passed |": 1, "| three |  | 2 | 7 passed **red: it failed** |": 1,
		"<!-- newest -->": 1, "<!-- end of oldest -->": 1, "Run on 2026-01-02.": 2,
	} {
		if got := strings.Count(string(page), part); got != times {
			t.Errorf("%q: %d times, want %d", part, got, times)
		}
	}
	if err := writePage(file, "other", nil); err == nil {
		t.Error("wrote a part that the page does not have")
	}
}

// Rows of an earlier run stay where only some are run anew.
func TestRowsAreReplacedByName(t *testing.T) {
	b := &bench{home: t.TempDir(), only: []string{"Node 2"}}
	b.add(row{Name: "Node 20", Red: "it failed"})
	b.add(row{Name: "Node 22"})
	if err := b.save(); err != nil {
		t.Fatal(err)
	}
	again := &bench{home: b.home, only: b.only}
	if err := again.load(); err != nil {
		t.Fatal(err)
	}
	again.add(row{Name: "Node 20"})
	if len(again.rows) != 2 || again.rows[0].Red != "" || !again.wants("Node 20") || again.wants("Python 3.10") {
		t.Errorf("got %+v", again.rows)
	}
}
