package main

import (
	"fmt"
	"strings"
)

// The measures of a picture.
const (
	labels  = 150 // for the names, to the left
	plot    = 560 // for the whole length
	lane    = 26  // of one library
	barRoom = 18
	top     = 8
)

// draw makes a picture: a lane for each library, a bar for each minute. It has
// colours for light and for dark.
func (s scenario) draw(tallies []tally) string {
	var b strings.Builder
	height := top + lane*len(tallies) + 24
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" font-family="system-ui, sans-serif" font-size="11">
<title>%s: the share of failed requests in each minute</title>
<style>
text { fill: #333 } .good { fill: #9ab8a4 } .bad { fill: #c8372d } .down { fill: #8883 } .asleep { fill: #88f3 } .axis { stroke: #888 }
@media (prefers-color-scheme: dark) { text { fill: #ccc } .good { fill: #4d7059 } .bad { fill: #ff6a5e } }
</style>
`, labels+plot+10, height, s.name)
	s.shade(&b, height)
	minutes := int(s.length / minute)
	for i, t := range tallies {
		y := top + lane*i
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", labels-8, y+barRoom-5, contenders[i].name)
		t.bars(&b, y, minutes)
	}
	s.axis(&b, height-24, minutes)
	b.WriteString("</svg>\n")
	return b.String()
}

func x(at, length int64) float64 { return labels + float64(at)*plot/float64(length) }

// shade marks when STS is down or throttles, and when the host sleeps.
func (s scenario) shade(b *strings.Builder, height int) {
	mark := func(class string, from, to int64) {
		fmt.Fprintf(b, "<rect class=%q x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%d\"/>\n",
			class, x(from, s.length), x(to, s.length)-x(from, s.length), height-24)
	}
	if s.service.perS > 0 {
		mark("down", s.service.perSFrom, s.length)
	}
	if s.host.wakes > 0 {
		mark("asleep", s.host.sleepsFrom, s.host.wakes)
	}
	bad := func(t int64) bool {
		for _, is := range []func(int64) bool{s.service.down, s.service.hangs, s.service.throttles} {
			if is != nil && is(t) {
				return true
			}
		}
		return false
	}
	const step = 10 * second
	for t, from := int64(0), int64(-1); t <= s.length; t += step {
		switch down := t < s.length && bad(t); {
		case down && from < 0:
			from = t
		case !down && from >= 0:
			mark("down", from, t)
			from = -1
		}
	}
}

// bars draws a lane. A minute without requests has no bar.
func (t tally) bars(b *strings.Builder, y, minutes int) {
	width := float64(plot) / float64(minutes)
	for m := range min(minutes, len(t.byMinute)) {
		if t.byMinute[m] == 0 {
			continue
		}
		bad := float64(t.failing[m]) / float64(t.byMinute[m]) * barRoom
		if bad > 0 {
			bad = max(bad, 2) // a few in thousands are to be seen too
		}
		left := labels + float64(m)*width
		fmt.Fprintf(b, "<rect class=\"good\" x=\"%.1f\" y=\"%d\" width=\"%.2f\" height=\"%.1f\"/>", left, y, width*.85, barRoom-bad)
		if bad > 0 {
			fmt.Fprintf(b, "<rect class=\"bad\" x=\"%.1f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"/>", left, float64(y)+barRoom-bad, width*.85, bad)
		}
	}
	b.WriteString("\n")
}

// axis has a mark for each quarter of an hour; for each five minutes, or each hour, where
// the time is short or long.
func (s scenario) axis(b *strings.Builder, y, minutes int) {
	every := 15
	switch {
	case minutes <= 60:
		every = 5
	case minutes > 300:
		every = 60
	}
	fmt.Fprintf(b, "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", labels, y, labels+plot, y)
	for m := 0; m <= minutes; m += every {
		at := x(int64(m)*minute, s.length)
		fmt.Fprintf(b, "<line class=\"axis\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>\n",
			at, y, at, y+4, at, y+16, m)
	}
	fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">minutes</text>\n", labels-8, y+16)
}
