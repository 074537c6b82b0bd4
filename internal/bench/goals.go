package main

import (
	"fmt"
	"strings"
)

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
	why   string // the physical reason, where it is not met; see reason
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

// reason is why a goal is not met. {floor} is what the first floor of its group takes of
// the peer's time, {clock} what a reading of the clock takes here.
func (g goal) reason(f *figures) string {
	why := g.why
	peer := f.named(g.group, g.b)
	for _, s := range f.of[g.group] {
		if peer != nil && strings.HasPrefix(s.name, "floor: ") {
			why = strings.ReplaceAll(why, "{floor}", times(ratio(s, peer)))
			break
		}
	}
	if clock := f.named("go-hot", "floor: time.Now"); clock != nil {
		why = strings.ReplaceAll(why, "{clock}", short(median(clock.rounds))+" "+clock.unit)
	}
	return why
}

// says writes a figure as the goal's bound is meant, with as many digits as tell it from
// the bound.
func (g goal) says(f *figures, v float64) string {
	text := short(v)
	if !g.met(v) && text == short(g.bound) {
		text = fmt.Sprintf("%.5g", v)
	}
	if g.b != "" {
		return text + "x"
	}
	return text + g.unit(f)
}

func (g goal) wants(f *figures) string {
	word := "at most "
	if g.over {
		word = "at least "
	}
	if g.b != "" {
		return word + fmt.Sprintf("%gx", g.bound)
	}
	return word + fmt.Sprintf("%g", g.bound) + g.unit(f)
}

// unit is that of a figure; "" where the goal's own words end with it.
func (g goal) unit(f *figures) string {
	s := f.named(g.group, g.a)
	if s == nil || s.unit == "" || strings.HasSuffix(g.what, s.unit) {
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
