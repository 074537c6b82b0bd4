package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// view shows the workers: a live table on a terminal, plain lines elsewhere.
type view struct {
	out   *os.File
	live  bool
	drawn int // lines of the table on the screen
	begun time.Time
	lines map[string]time.Time // when a language last had a plain line
	seen  map[string]string    // what that line said of the flights
}

func newView(out *os.File, plain bool) *view {
	info, err := out.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	return &view{out: out, live: terminal && !plain, begun: time.Now(),
		lines: map[string]time.Time{}, seen: map[string]string{}}
}

func (v *view) intro(s *scene) {
	if s.standIn == nil {
		fmt.Fprintf(v.out, "Three sessions on %s for %s, a refresh asked for every 8 s.\n", s.roleARN, s.length)
		return
	}
	fmt.Fprintf(v.out, "Three sessions for %s on credentials that live %s. The source is down\n"+
		"while these have %s to %s left, which is when the advisory refresh (at %d s)\n"+
		"comes: nobody should notice. Once, a set of each session is rejected in the\n"+
		"middle of its life: its calls go on with another.\n",
		s.length, lifetime, outageTo, outageFrom, advisorySecond)
}

func (v *view) update(language string, latest map[string]report) {
	if v.live {
		v.table(latest)
		return
	}
	r := latest[language]
	news := r.Sequence + fmt.Sprint(r.Failed, r.Done)
	if news == v.seen[language] && time.Since(v.lines[language]) < 5*time.Second {
		return
	}
	v.lines[language], v.seen[language] = time.Now(), news
	fmt.Fprintf(v.out, "%5.1fs %-6s %-9s %5.1fs left %6d calls %3d refreshes %3d degraded %3d failed\n",
		time.Since(v.begun).Seconds(), language, r.Phase, float64(r.LeftMs)/1000,
		r.Calls, r.refreshes(), r.Degraded, r.Failed)
}

// note shows a line that a worker wrote to standard error.
func (v *view) note(language, line string) {
	if !v.live {
		fmt.Fprintf(v.out, "%5.1fs %-6s %s\n", time.Since(v.begun).Seconds(), language, line)
		return
	}
	// In the table's place; the next one is drawn below it.
	fmt.Fprintf(v.out, "%s%-6s %s\n", v.back(), language, line)
	v.drawn = 0
}

// back is what takes the terminal from below the table to where it began, with
// nothing left of it.
func (v *view) back() string {
	if v.drawn == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\x1b[J", v.drawn)
}

// noWrap and wrap keep a table that is wider than the terminal to its number of
// lines, by which the next one finds its place.
const (
	noWrap = "\x1b[?7l"
	wrap   = "\x1b[?7h"
)

// table draws over the one before. It fits into 80 columns.
func (v *view) table(latest map[string]report) {
	var b strings.Builder
	b.WriteString(v.back() + noWrap)
	fmt.Fprintf(&b, "\x1b[1m%-8s %-24s %8s %7s %10s %9s %7s\x1b[0m\n",
		"", "phase", "left", "calls", "refreshes", "degraded", "failed")
	for _, language := range workers.Languages {
		r := latest[language]
		fmt.Fprintf(&b, "%-8s %s%-10s %s\x1b[0m %6.1f s %7d %10d %9d %7d\n", language,
			colour(r.Phase), r.Phase, bar(r.LeftMs), float64(r.LeftMs)/1000, r.Calls, r.refreshes(), r.Degraded, r.Failed)
	}
	b.WriteString(wrap)
	v.drawn = len(workers.Languages) + 1
	fmt.Fprint(v.out, b.String())
}

func colour(phase string) string {
	switch phase {
	case "fresh":
		return "\x1b[32m"
	case "advisory":
		return "\x1b[33m"
	case "mandatory", "expired":
		return "\x1b[31m"
	}
	return "\x1b[2m"
}

func bar(leftMs int64) string {
	const width = 13
	full := int(min(max(leftMs, 0), lifetime.Milliseconds()) * width / lifetime.Milliseconds())
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}
