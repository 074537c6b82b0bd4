package main

import (
	"fmt"
	"html"
	"strings"
)

// The measures of a chart.
const (
	labels = 280 // for the names, to the left
	plot   = 400
	lane   = 24
	bar    = 16
)

func fileOf(group string) string {
	return strings.NewReplacer(`"`, "", "(", "-", ")", "", ":", "", ",", "", " ", "-", "=", "-").Replace(group) + ".svg"
}

// draw has a bar for each contender's median, and a thin line over half of its rounds. It
// has colours for light and for dark.
func (f *figures) draw(group string) string {
	var b strings.Builder
	all, most := f.of[group], 0.0
	for _, s := range all {
		most = max(most, at(s.rounds, .75))
	}
	x := func(v float64) float64 { return max(v, 0) / max(most, 1e-9) * plot }
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" font-family="system-ui, sans-serif" font-size="11">
<title>%s</title>
<style>
text { fill: #333 } .ours { fill: #2f7d4f } .theirs { fill: #b7a57a } .floor { fill: #bbb } .spread { stroke: #333 }
@media (prefers-color-scheme: dark) { text { fill: #ccc } .ours { fill: #63b985 } .theirs { fill: #8a7a52 } .floor { fill: #666 } .spread { stroke: #ccc } }
</style>
`, labels+plot+80, lane*len(all)+8, html.EscapeString(group))
	for i, s := range all {
		y, class := 4+lane*i, "theirs"
		switch {
		case strings.HasPrefix(s.name, "floor: "):
			class = "floor"
		case i == 0 || strings.HasPrefix(s.name, "evercreds"):
			class = "ours"
		}
		low, mid, high := x(at(s.rounds, .25)), x(median(s.rounds)), x(at(s.rounds, .75))
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", labels-8, y+bar-4, html.EscapeString(s.name))
		fmt.Fprintf(&b, "<rect class=%q x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>", class, labels, y, max(mid, 1), bar)
		fmt.Fprintf(&b, "<line class=\"spread\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>", labels+low, y+bar/2, labels+high, y+bar/2)
		fmt.Fprintf(&b, "<text x=\"%.1f\" y=\"%d\">%s %s</text>\n", labels+max(high, mid)+6, y+bar-4, short(median(s.rounds)), s.unit)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
