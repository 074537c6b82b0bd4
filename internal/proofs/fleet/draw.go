package fleet

import (
	"fmt"
	"slices"
	"strings"
)

// The measures of the pictures.
const (
	labels = 190 // for the names, to the left
	plot   = 520
	lane   = 26
	bar    = 18
	tall   = 64 // a lane with bars that stand
)

// svg is a picture with colours for light and for dark.
func svg(height int, title, body string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" font-family="system-ui, sans-serif" font-size="11">
<title>%s</title>
<style>
text { fill: #333 } .ours { fill: #2f7d4f } .theirs { fill: #b7a57a } .axis { stroke: #888 }
@media (prefers-color-scheme: dark) { text { fill: #ccc } .ours { fill: #63b985 } .theirs { fill: #8a7a52 } }
</style>
%s</svg>
`, labels+plot+60, height, title, body)
}

// named finds a row's figures by the row's name.
func (r *Report) named(name string) *Tally {
	for i, row := range r.rows {
		if row.Name == name {
			return r.tallies[i]
		}
	}
	return newTally(&Plan{Keys: 1})
}

// drawCalls has a bar for the first set, and one for a later refresh.
func (r *Report) drawCalls() string {
	type line struct {
		name, class string
		calls       float64
	}
	var lines []line
	for _, w := range []struct{ name, class string }{
		{"solo", "theirs"}, {"botocore's file cache", "theirs"}, {"shared: redis", "ours"}, {"each leader killed at one of the three: redis", "ours"},
	} {
		t := r.named(w.name)
		name := strings.Replace(w.name, "each leader killed at one of the three: redis", "shared, each leader killed", 1)
		name = strings.Replace(name, "shared: redis", "shared", 1)
		lines = append(lines, line{name + ": start", w.class, t.First()}, line{"later", w.class, t.Later()})
	}
	var b strings.Builder
	most := slices.MaxFunc(lines, func(a, b line) int { return int(a.calls*1000) - int(b.calls*1000) }).calls
	for i, l := range lines {
		y := 8 + lane*i
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", labels-8, y+bar-5, l.name)
		width := max(1.5, l.calls/max(most, 1)*plot)
		fmt.Fprintf(&b, "<rect class=%q x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>", l.class, labels, y, width, bar)
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\">%.2f</text>\n", labels+width+6, y+bar-5, l.calls)
	}
	return svg(8+lane*len(lines), "Calls of the source for one refresh of a key", b.String())
}

const (
	step  = 10 * second // of a bar that stands
	shown = 500 * second
)

// drawSpread has a lane for each way, with the calls in each ten seconds of a refresh.
// Each lane has its own scale, and says what its tallest bar is.
func (r *Report) drawSpread() string {
	born := r.born()
	prefix, _, _ := strings.Cut(born.Plan.Name, ":")
	var b strings.Builder
	lanes := []struct {
		name, class string
		calls       []int64
	}{
		{"solo", "theirs", r.named(prefix + ": solo").round(1)},
		{"botocore's file cache", "theirs", r.named(prefix + ": file cache").round(1)},
		{"shared, first refresh", "ours", born.round(1)},
		{"shared, third refresh", "ours", born.round(3)},
		{"shared, fifth refresh", "ours", born.round(5)},
	}
	for i, l := range lanes {
		foot := 8 + tall*(i+1) - 10
		bars := buckets(l.calls)
		most := slices.Max(append(bars, 1))
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", labels-8, foot-20, l.name)
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">at most %s in 10 s</text>", labels-8, foot-6, thousands(most))
		width := float64(plot) * float64(step) / float64(shown)
		for n, calls := range bars {
			if high := float64(calls) / float64(most) * (tall - 14); calls > 0 {
				high = max(high, 1)
				fmt.Fprintf(&b, "<rect class=%q x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", l.class, labels+float64(n)*width, float64(foot)-high, width*.85, high)
			}
		}
		fmt.Fprintf(&b, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", labels, foot, labels+plot, foot)
	}
	foot := 8 + tall*len(lanes)
	for s := int64(0); s <= shown; s += 100 * second {
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d s</text>\n", labels+plot*s/shown, foot+6, s/second)
	}
	return svg(foot+12, "Calls of the source for keys that were born together, in each ten seconds of a refresh", b.String())
}

func (t *Tally) round(n int) []int64 {
	if n >= len(t.rounds) {
		return nil
	}
	return t.rounds[n]
}

// buckets counts instants in steps from the first one on.
func buckets(at []int64) []int64 {
	bars := make([]int64, shown/step)
	if len(at) == 0 {
		return bars
	}
	first := slices.Min(at)
	for _, t := range at {
		if i := (t - first) / step; i < int64(len(bars)) {
			bars[i]++
		}
	}
	return bars
}
