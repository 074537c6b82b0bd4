package main

import (
	"fmt"
	"math"
	"slices"
)

// usage is what a process holds, by name. What a language has no number for is
// not there.
type usage map[string]float64

// bound is how much more of something may be held in the last fifth of a run
// than in the second: the larger of a number and a share.
type bound struct {
	name   string
	number float64
	share  float64
	// back: at the end, with everything closed, there is no more of it than at
	// the start.
	back bool
}

const mb = 1 << 20

// bounds, in the order of the table. Bytes of the process are the system's, and
// rise in steps; bytes and objects of a heap are counted after a collection.
var bounds = []bound{
	{name: "resident bytes", number: 8 * mb, share: 0.06},
	// The failures that sessions remember fill up in the first minutes, and an
	// engine's own code is in it.
	{name: "heap bytes", number: 2 * mb, share: 0.10},
	{name: "blocks", number: 10_000, share: 0.02}, // of Python's own allocator
	{name: "objects", number: 3000, share: 0.02},
	{name: "wasm bytes", number: mb},
	{name: "threads", number: 4, share: 0.05, back: true},
	{name: "threads of Go", number: 4, share: 0.05}, // Go keeps them
	{name: "threads that wait", number: 8},          // for the next refresh, in Python: 32 at most
	{name: "goroutines", number: 20, share: 0.05, back: true},
	{name: "descriptors", number: 12, share: 0.05, back: true},
	{name: "sockets", number: 12, share: 0.05, back: true},
	{name: "sessions", number: 4, back: true},
	{name: "handles", number: 8, back: true},
}

// allowed is the growth that is none.
func (b bound) allowed(before float64) float64 { return max(b.number, b.share*math.Abs(before)) }

// row is one line of the table.
type row struct {
	name          string
	before, after float64 // lower quartiles of the second and of the last fifth
	allowed       float64 // growth
	perMinute     float64 // the slope between the middles of the two fifths
	start, end    float64
	back          bool // end is compared with start
	problem       string
}

// judge compares the second fifth of the samples with the last; the first is for
// warming up. start and end are what was held with nothing open.
func judge(samples []usage, minutes float64, start, end usage) (rows []row, err error) {
	fifth := len(samples) / 5
	if fifth < 2 {
		return nil, fmt.Errorf("%d samples are too few: 10 are needed", len(samples))
	}
	for _, b := range bounds {
		if _, there := samples[0][b.name]; !there {
			continue
		}
		r := row{name: b.name, start: start[b.name], end: end[b.name], back: b.back}
		r.before = least(samples[fifth:2*fifth], b.name)
		r.after = least(samples[len(samples)-fifth:], b.name)
		r.allowed = b.allowed(r.before)
		// from the middle of the second fifth to that of the last
		r.perMinute = (r.after - r.before) / (minutes * float64(len(samples)-2*fifth) / float64(len(samples)))
		switch {
		case r.after-r.before > r.allowed:
			r.problem = "grows"
		case b.back && r.end > r.start:
			r.problem = "left behind"
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// least is the lower quartile: what is under way in one sample lifts it as little
// as the median, or less, and what is never given back lifts it as much.
func least(samples []usage, name string) float64 {
	var values []float64
	for _, s := range samples {
		values = append(values, s[name])
	}
	slices.Sort(values)
	return values[len(values)/4]
}
