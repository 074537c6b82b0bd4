package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var escape = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")

// shown gives what play writes to a view.
func shown(t *testing.T, live bool, play func(*view)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shown")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	play(&view{out: file, live: live, begun: time.Now(), lines: map[string]time.Time{}, seen: map[string]string{}})
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTableFitsA80ColumnTerminal(t *testing.T) {
	busy := report{Phase: "mandatory", LeftMs: 21_900, Calls: 9_999_999, Sequence: "II", Degraded: 99_999_999, Failed: 999_999}
	text := shown(t, true, func(v *view) {
		v.update("go", map[string]report{"go": busy, "python": busy, "node": busy})
	})
	for line := range strings.Lines(escape.ReplaceAllString(text, "")) {
		if width := utf8.RuneCountInString(strings.TrimRight(line, "\n")); width > 80 {
			t.Errorf("%d columns: %q", width, line)
		}
	}
}

func TestNoteStandsAboveTheNextTable(t *testing.T) {
	text := shown(t, true, func(v *view) {
		v.update("go", map[string]report{})
		v.note("python", "a warning")
		v.update("go", map[string]report{})
		v.update("go", map[string]report{})
	})
	const up = "\x1b[4A\x1b[J"
	if !strings.Contains(text, up+"python a warning\n") {
		t.Errorf("the note does not take the place of the table before it: %q", text)
	}
	// Two more times up would wipe the note away.
	if got := strings.Count(text, up); got != 2 {
		t.Errorf("the cursor goes up %d times, want 2: for the note, and for the last table", got)
	}
}

func TestNoteIsALineOfItsOwnInAPipe(t *testing.T) {
	text := shown(t, false, func(v *view) { v.note("node", "a warning") })
	if !strings.HasSuffix(text, " node   a warning\n") || strings.Contains(text, "\x1b") {
		t.Errorf("got %q", text)
	}
}
