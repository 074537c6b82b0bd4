package main

import (
	"fmt"
	"strings"

	"github.com/evercreds/evercreds/internal/trace"
)

// answer is one answer of a host, taken apart.
type answer struct {
	kind   string
	fields map[string]string
}

// answers takes apart what a host printed for a script.
func (w *script) answers(output string) ([]answer, error) {
	lines := split(output)
	if len(lines) != 2*len(w.lines) {
		return nil, fmt.Errorf("%d lines of output for %d events", len(lines), len(w.lines))
	}
	var list []answer
	for i, event := range w.lines {
		if lines[2*i] != event {
			return nil, fmt.Errorf("%q echoed as %q", event, lines[2*i])
		}
		words := strings.Fields(lines[2*i+1])
		a := answer{fields: map[string]string{}}
		for n, word := range words {
			name, value, ok := strings.Cut(word, "=")
			if n == 0 {
				a.kind = word
			} else if ok {
				a.fields[name] = value
			}
		}
		list = append(list, a)
	}
	return list, nil
}

// judge gives the complaints about a host's answers to a script: none is a pass.
func (w *script) judge(output string) []string {
	list, err := w.answers(output)
	if err != nil {
		return []string{err.Error()}
	}
	var complaints []string
	held := ""
	for _, c := range w.checks {
		if c.ask < 0 {
			held = "#1"
			if got := list[c.answer].fields["phase"]; got != c.phase {
				complaints = append(complaints, fmt.Sprintf("the scenario's state is %s, not %s", got, c.phase))
			}
			continue
		}
		complaints = append(complaints, c.judge(list, held)...)
		if set := list[c.answer].fields["set"]; set != "" {
			held = set
		}
	}
	return complaints
}

func (c *check) judge(list []answer, held string) []string {
	ask, outcome := list[c.ask], list[c.answer]
	var complaints []string
	complain := func(what string, got, want any) {
		if got != want {
			complaints = append(complaints, fmt.Sprintf("step %d: %s is %v, not %v", c.index, what, got, want))
		}
	}
	e := c.step.Expected
	complain("result", outcome.result(held, c.ticket), *e.Result)
	complain("sourceContacted", ask.fields["started"] != "", *e.SourceContacted)
	complain("rateLimited", outcome.has("held_off"), *e.RateLimited)
	if c.ticket != "" && *e.SourceContacted {
		complain("the flight started", ask.fields["started"], c.ticket)
	}
	if e.AdvisoryWindow != nil {
		ms, ok := trace.ParseSpan(list[c.advisory].fields["advisory"])
		complain("advisoryWindowSeconds", float64(ms)/1000, *e.AdvisoryWindow)
		complain("the advisory window a span", ok, true)
	}
	return complaints
}

// result names the outcome in the suite's words.
func (a *answer) result(held, flight string) string {
	set := a.fields["set"]
	switch {
	case a.kind == "error" && a.fields["class"] == "permanent":
		return "nonRecoverableError"
	case a.kind == "error" && held == "":
		return "noCredentialsError"
	case a.kind == "serve" && set == held && held != "":
		return "cachedCredentials"
	case a.kind == "serve" && set == flight && flight != "":
		return "newCredentials"
	}
	return strings.TrimSpace(a.kind + " " + set + " " + a.fields["code"])
}

func (a *answer) has(flag string) bool {
	for _, f := range strings.Split(a.fields["flags"], "|") {
		if f == flag {
			return true
		}
	}
	return false
}
