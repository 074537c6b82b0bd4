package main

import (
	"fmt"
	"strings"

	"github.com/evercreds/evercreds/internal/trace"
)

// script is a scenario of AWS's suite in the language of docs/reference/conformance.md.
// All of it can be written beforehand: a response that the suite provides is
// answered to the flight that the step must start, and if it starts none the
// reply goes to nobody and the check of that step fails.
type script struct {
	lines  []string
	moved  int64          // by how much the clock moves before the next event
	next   int            // the number of the next ticket
	prints int            // fingerprints given out
	keys   map[string]int // access key: fingerprint
	checks []check
}

// check ties a getCredentials step to the events that it became.
type check struct {
	step     *suiteStep
	index    int // of the step, from 1
	ticket   string
	ask      int // the event of the ask, from 0; -1: the setup itself
	answer   int // the event with the outcome
	advisory int // the status event after it
	phase    string
}

// cachedLife is the lifetime of the set that a scenario begins with.
const cachedLife = 3600_000

// write adds the events of a scenario, up to and including the first n steps.
func (w *script) write(s *suiteScenario, seed, n int) {
	options := ""
	if s.Given.AdvisoryWindow != nil {
		options = fmt.Sprintf(" advisory_timeout=%v", *s.Given.AdvisoryWindow)
	}
	w.keys = map[string]int{}
	w.event("open seed=%d policy=aws2026%s", seed, options)
	if s.Given.CachedCredentials != "none" {
		w.cached(&s.Given)
	}
	for i := range s.Steps[:n] {
		w.step(&s.Steps[i], i+1)
	}
}

// cached brings the session to the state that the scenario begins with, by a
// first fetch and the passing of time, and has the state checked.
func (w *script) cached(g *suiteGiven) {
	advisory := int64(15 * 60_000) // AWS's window for an hour
	if g.AdvisoryWindow != nil {
		advisory = int64(*g.AdvisoryWindow * 1000)
	}
	phases := map[string]string{"valid": "fresh"}
	left := map[string]int64{"valid": cachedLife, "advisory": advisory - 60_000, "mandatory": 30_000, "expired": -60_000}
	w.event("ask")
	w.next++
	w.event("complete #%d life=%s fp=%d", w.next, trace.FormatSpan(cachedLife), w.key(g.AccessKeyID))
	w.moved = cachedLife - left[g.CachedCredentials]
	w.event("wake")
	phase := g.CachedCredentials
	if p, ok := phases[phase]; ok {
		phase = p
	}
	w.checks = append(w.checks, check{ask: -1, answer: len(w.lines) - 1, phase: phase})
}

func (w *script) step(s *suiteStep, index int) {
	switch s.Type {
	case "advanceTime":
		w.moved += int64(*s.Seconds * 1000)
	case "invalidate":
		w.event("invalidate fp=%d", w.key(s.RejectedKeyID))
	default:
		w.get(s, index)
	}
}

// get is a call for credentials, and what the source says if it is contacted.
func (w *script) get(s *suiteStep, index int) {
	c := check{step: s, index: index, ask: len(w.lines), answer: len(w.lines)}
	w.event("ask")
	if s.Response != "" {
		w.next++
		c.ticket = fmt.Sprintf("#%d", w.next)
		w.event("%s", w.reply(s, c.ticket))
		c.answer = len(w.lines)
		w.event("answer %s", c.ticket)
	}
	c.advisory = len(w.lines)
	w.event("status advisory")
	w.checks = append(w.checks, c)
}

func (w *script) reply(s *suiteStep, ticket string) string {
	life := int64(cachedLife)
	switch s.Response {
	case "error":
		return "fail " + ticket + " class=recoverable"
	case "nonRecoverableError":
		return "fail " + ticket + " class=permanent"
	case "staleCredentials":
		life = 0 // expires now, which is too late already
	}
	if s.Lifetime != nil {
		life = int64(*s.Lifetime * 1000)
	}
	return fmt.Sprintf("complete %s life=%s fp=%d", ticket, trace.FormatSpan(life), w.fingerprint())
}

// key is the fingerprint of the set with this access key.
func (w *script) key(id string) int {
	if _, ok := w.keys[id]; !ok {
		w.keys[id] = w.fingerprint()
	}
	return w.keys[id]
}

func (w *script) fingerprint() int {
	w.prints++
	return w.prints
}

func (w *script) event(format string, values ...any) {
	line := fmt.Sprintf(format, values...)
	if w.moved > 0 {
		line = "+" + trace.FormatSpan(w.moved) + " " + line
	}
	w.moved = 0
	w.lines = append(w.lines, line)
}

func (w *script) text() string { return strings.Join(w.lines, "\n") + "\n" }
