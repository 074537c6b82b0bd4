package fleet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// All runs, small: each keeps its bounds. The spread needs a thousand keys.
func TestFleetsKeepTheirBounds(t *testing.T) {
	for _, r := range Suite(1000, 20, 8, 2) {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			got, err := Run(&r.Plan)
			if err != nil {
				t.Fatal(err)
			}
			r.Spread = false
			for _, missed := range r.Misses(got) {
				t.Error(missed)
			}
			if r.Way == Shared && !r.Silent && got.Adopted == 0 || r.Kill != Nowhere && got.Kills == 0 {
				t.Errorf("%d sets adopted, %d kills: nothing was shared, or nobody died", got.Adopted, got.Kills)
			}
		})
	}
}

// What a run promises can be missed: the bounds would not be kept by whatever is shown.
func TestBoundsCanBeMissed(t *testing.T) {
	redis := Engines[1]
	for want, change := range map[string]func(*Row){
		"calls for a refresh, at most":     func(r *Row) { r.Silent = true },
		"net calls for a refresh, at most": func(r *Row) { r.MostRaw, r.MostNet, r.Way = 0, 1.02, Solo },
		"from the second on":               func(r *Row) { r.MostRaw, r.MostLater, r.Silent = 0, 1, true },
		"a caller waited":                  func(r *Row) { r.MostRaw, r.LongestWait, r.Kill = 0, 1000, InAir },
		"takeover p99":                     func(r *Row) { r.MostRaw, r.Takeover, r.Kill = 0, 2000, InAir },
		"S13":                              func(r *Row) { r.MostRaw, r.ThreeCalls, r.Kill = 0, true, InAir },
		"spread of the first refresh":      func(r *Row) { r.Spread, r.Way, r.MostRaw = true, Solo, 0 },
	} {
		r := Row{Plan: Usual("", Shared, redis), MostRaw: 1}
		r.Processes, r.Keys, r.Refreshes = 500, 10, 4
		change(&r)
		got, err := Run(&r.Plan)
		if err != nil {
			t.Fatal(err)
		}
		if missed := strings.Join(r.Misses(got), "; "); !strings.Contains(missed, want) {
			t.Errorf("%q was to be missed; missed was %q", want, missed)
		}
	}
}

// Equal plans have equal figures, on however many threads they are played.
func TestEqualPlansAreEqual(t *testing.T) {
	p := Usual("", Shared, Engines[3])
	p.Processes, p.Keys, p.Refreshes, p.Kill = 200, 8, 4, Anywhere
	r := Row{Plan: p}
	var lines []string
	for range 2 {
		got, err := Run(&r.Plan)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, r.Line(got))
	}
	if lines[0] != lines[1] {
		t.Errorf("first\n%s then\n%s", lines[0], lines[1])
	}
}

// The page is as the sources are: played again here, at full size, are the keys that were
// born together, and a store where nothing fails. ./task sim:fleet plays all.
func TestThePageIsFresh(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred thousand processes")
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "concepts", "sharing.md"))
	if err != nil {
		t.Fatal(err)
	}
	var report Report
	for _, r := range Suite(100_000, 1000, 10, 1) {
		if !r.Spread && r.Name != "shared: redis" && !strings.Contains(r.Name, "born") {
			if !strings.Contains(string(page), "| "+r.Name+" |") {
				t.Errorf("the page has nothing of %q: run ./task sim:fleet -- -share -write docs/concepts", r.Name)
			}
			continue
		}
		got, err := Run(&r.Plan)
		if err != nil {
			t.Fatal(err)
		}
		report.Add(&r, got)
		if want := r.cells(got); !strings.Contains(string(page), want) {
			t.Errorf("the page has other figures (run ./task sim:fleet -- -share -write docs/concepts); now they are\n%s", want)
		}
	}
	picture, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "concepts", "sharing", "spread.svg"))
	if err != nil || string(picture) != report.drawSpread() {
		t.Errorf("the picture of the spread is stale (run ./task sim:fleet -- -share -write docs/concepts): %v", err)
	}
}
