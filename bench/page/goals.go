package main

import "fmt"

// section is a part of the page: its charts, what they show, and the goals.
type section struct {
	title, text string
	groups      []string
	goals       []goal
}

// goal holds the ratio of two contenders of a round, or one's own figure, against a bound.
type goal struct {
	what  string
	group string
	a, b  string // b "": a's own figure
	over  bool   // the ratio is to be at least the bound; else at most
	bound float64
	why   string // the physical reason, where it is not met
}

func (g goal) figure(f *figures) (float64, bool) {
	a := f.named(g.group, g.a)
	if a == nil {
		return 0, false
	}
	if g.b == "" {
		return median(a.rounds), true
	}
	b := f.named(g.group, g.b)
	if b == nil {
		return 0, false
	}
	return ratio(a, b), true
}

func (g goal) met(v float64) bool { return g.over && v >= g.bound || !g.over && v <= g.bound }

// says writes a figure as the goal's bound is meant.
func (g goal) says(f *figures, v float64) string {
	if g.b != "" {
		return times(v)
	}
	return short(v) + unitOf(f.named(g.group, g.a))
}

func (g goal) wants(f *figures) string {
	word := "at most "
	if g.over {
		word = "at least "
	}
	if g.b != "" {
		return word + fmt.Sprintf("%gx", g.bound)
	}
	return word + fmt.Sprintf("%g", g.bound) + unitOf(f.named(g.group, g.a))
}

func unitOf(s *series) string {
	if s == nil || s.unit == "" {
		return ""
	}
	return " " + s.unit
}

// count tells how many goals are met, of those that were measured.
func (p page) count() (met, all int) {
	for _, s := range sections {
		for _, g := range s.goals {
			if v, ok := g.figure(p.lab.figures); ok {
				all++
				if g.met(v) {
					met++
				}
			}
		}
	}
	return met, all
}
