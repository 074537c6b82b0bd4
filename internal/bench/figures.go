package main

import (
	"fmt"
	"slices"
	"strings"
)

// figures are what the contenders took, by group and name, each round.
type figures struct {
	order []string // of the groups
	of    map[string][]*series
}

type series struct {
	name, unit string
	rounds     []float64
}

func newFigures() *figures { return &figures{of: map[string][]*series{}} }

func (f *figures) add(group, name, unit string, rounds ...float64) {
	if f.of[group] == nil {
		f.order = append(f.order, group)
	}
	s := f.named(group, name)
	if s == nil {
		s = &series{name: name, unit: unit}
		f.of[group] = append(f.of[group], s)
	}
	s.rounds = append(s.rounds, rounds...)
}

func (f *figures) named(group, name string) *series {
	for _, s := range f.of[group] {
		if s.name == name {
			return s
		}
	}
	return nil
}

// at is the value below which a part of all lies.
func at(values []float64, part float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return v[int(part*float64(len(v)-1)+.5)]
}

func median(values []float64) float64 { return at(values, .5) }

// ratio is the median of what one took in a round by what the other took in the same.
func ratio(a, b *series) float64 {
	var all []float64
	for i := range min(len(a.rounds), len(b.rounds)) {
		all = append(all, a.rounds[i]/max(b.rounds[i], 1e-9))
	}
	return median(all)
}

// table has a line for each contender; ours is the first.
func (f *figures) table(group string) string {
	var b strings.Builder
	all := f.of[group]
	fmt.Fprintf(&b, "| | median | half of the rounds | of ours |\n|---|---:|---:|---:|\n")
	for _, s := range all {
		fmt.Fprintf(&b, "| %s | %s %s | %s to %s | %s |\n", s.name, short(median(s.rounds)), s.unit,
			short(at(s.rounds, .25)), short(at(s.rounds, .75)), times(ratio(s, all[0])))
	}
	return b.String()
}

func times(r float64) string {
	if r > 10_000 || r != r {
		return "-"
	}
	return short(r) + "x"
}

// short writes a number with three digits that count.
func short(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
