package fleet

import (
	"fmt"
	"strings"
)

// Report are rows that were played, with what they came to.
type Report struct {
	rows    []*Row
	tallies []*Tally
}

// Add adds a row.
func (r *Report) Add(row *Row, t *Tally) {
	r.rows, r.tallies = append(r.rows, row), append(r.tallies, t)
}

// Total is the closing line.
func (r *Report) Total() string {
	var processes int
	var refreshes, calls, failed int64
	for _, t := range r.tallies {
		processes, refreshes = processes+t.Plan.Processes, refreshes+t.Refreshes
		calls, failed = calls+t.Calls, failed+t.Failed
	}
	return fmt.Sprintf("fleet: %d runs, %d processes, %d refreshes, %d calls, %d failed", len(r.tallies), processes, refreshes, calls, failed)
}

const columns = "%-48s %9s %8s %7s %7s %5s %5s %15s %13s %15s %8s %6s\n"

// Head is the head of the table that Line fills.
func Head() string {
	return fmt.Sprintf(columns, "run", "refreshes", "calls", "raw", "net", "fails", "S3+S7", "store/refresh", "cold p50/p99", "takeover p50/99", "longest", "peak/s")
}

// Line is what a row has come to, in a line. Where keys were born together, a second one
// has the three figures of their spread.
func (r *Row) Line(t *Tally) string {
	raw, net := t.PerRefresh()
	line := fmt.Sprintf(columns, r.Name, fmt.Sprint(t.Refreshes), fmt.Sprint(t.Calls),
		fmt.Sprintf("%.3f", raw), fmt.Sprintf("%.3f", net), fmt.Sprint(t.Failed), fmt.Sprint(t.Overestimated+t.RolledBack),
		fmt.Sprintf("%.2f, most %d", t.StorePerRefresh(), t.MostCalls), both(t.followers), both(t.takeovers), fmt.Sprint(t.LongestWait), fmt.Sprint(t.StorePeak))
	if r.Spread {
		line += fmt.Sprintf("worst 10 s over an even spread on half the window: %.2f in the first refresh, %.2f from the third; net calls/refresh %.3f\n",
			t.Spread(1), t.laterSpread(), net)
	}
	return line
}

// both are the median and the 99th percentile.
func both(values []int64) string {
	if len(values) == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", part(values, .5), part(values, .99))
}

// thousands writes a number as people read it.
func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return strings.TrimSpace(text)
}
