package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The page is as the sources are: played again here are the scenarios that take a
// moment, and ./task outages plays all.
func TestThePageIsFresh(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "evidence", "outages.md"))
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, s := range scenarios {
		if int64(s.sessions*s.callers)*s.length/s.pause > 120_000 {
			if !strings.Contains(string(page), "\n## "+s.name+"\n") {
				t.Errorf("the page has nothing of %q: run ./task outages", s.name)
			}
			continue
		}
		played++
		all := s.runAll()
		if want := s.table(all) + "\n" + s.verdict(all) + "\n"; !strings.Contains(string(page), want) {
			t.Errorf("the page has other numbers of %q (run ./task outages); now they are\n%s", s.name, want)
		}
		picture, err := os.ReadFile(filepath.Join(root, "docs", "evidence", "outages", s.file()+".svg"))
		if err != nil || string(picture) != s.draw(all) {
			t.Errorf("the picture of %q is stale (run ./task outages): %v", s.name, err)
		}
	}
	if played < 5 {
		t.Errorf("played %d scenarios", played)
	}
}

// A library that fails requests fails them in the run, and in the minute when it does.
func TestFailuresAreCounted(t *testing.T) {
	s := scenario{sessions: 1, callers: 1, pause: second, length: 10 * minute,
		service: service{lifetime: 5 * minute, down: within(5*minute, 8*minute)}}
	got := s.run(contenders[7]) // the SDK for Go refreshes when its set has ended
	if got.failing[4] != 0 || got.failing[6] == 0 || got.failing[6] != got.byMinute[6] || got.failing[9] != 0 {
		t.Errorf("failed %v of %v", got.failing, got.byMinute)
	}
}

// The seven outages with which the page began.
const first = 7

// The default fails no request in any of them that can be played here; ./task outages
// writes the others, which the page is asked for.
func TestDefaultFailsNoRequestInTheFirstSevenOutages(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "evidence", "outages.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios[:first] {
		_, part, _ := strings.Cut(string(page), "\n## "+s.name+"\n")
		part, _, _ = strings.Cut(part, "\n## ")
		for _, c := range contenders[:ours] {
			_, line, found := strings.Cut(part, "| "+c.name+" |")
			line, _, _ = strings.Cut(line, "\n")
			if cells := strings.Split(line, "|"); !found || len(cells) < 2 || strings.TrimSpace(cells[1]) != "**0**" {
				t.Errorf("%s, %s: %q", s.name, c.name, line)
			}
		}
	}
}
