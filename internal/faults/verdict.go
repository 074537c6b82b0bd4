package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// tries are the most calls that an SDK makes to the source in one refresh.
const tries = 3

// result is what became of one cell in one language.
type result struct {
	disturbed bool
	origin    int64 // when the first set was handed out, in ms since 1970
	calls     []call
}

type matrix struct {
	cells    []cell
	expected []expectation
	results  map[string][]*result // by language; nil for a cell that is not run
	roles    map[string]awstest.SourceCounts
}

// newMatrix makes the matrix of the cells whose names match, with so many
// sessions for each of them in each language.
func newMatrix(only *regexp.Regexp, copies int) (*matrix, error) {
	m := &matrix{results: map[string][]*result{}}
	for _, c := range cells() {
		chosen := func(l string) bool { return only.MatchString(c.name(l)) }
		if !slices.ContainsFunc(languages, chosen) {
			continue
		}
		e, err := expect(c)
		if err != nil {
			return nil, err
		}
		for c.copy = range copies {
			m.cells, m.expected = append(m.cells, c), append(m.expected, e)
			for _, l := range languages {
				var r *result
				if chosen(l) {
					r = &result{}
				}
				m.results[l] = append(m.results[l], r)
			}
		}
	}
	return m, nil
}

// tally counts the calls of a cell by what the rules say of them.
type tally struct {
	calls, failed, must int
	wrong               string // why the cell is unexpected; empty: it is not
}

func judge(r *result, e expectation, attempts int) (t tally) {
	for _, c := range r.calls {
		since := time.Duration(c.AtMs-r.origin) * time.Millisecond
		if since < 0 {
			since = 0 // the call that fetched the first set
		}
		if since > length-every {
			continue // the timeline is over
		}
		must, may := e.at(since)
		t.calls++
		if must {
			t.must++
		}
		if !c.OK {
			t.failed++
		}
		switch {
		case t.wrong != "":
		case !c.OK && !may:
			t.wrong = fmt.Sprintf("a call failed at %s, though none should: %.200s", since, c.Error)
		case c.OK && must:
			t.wrong = fmt.Sprintf("a call succeeded at %s, though all should fail", since)
		}
	}
	switch most := e.flights * tries; {
	case t.wrong != "":
	case !r.disturbed:
		t.wrong = "no set was fetched"
	case t.calls < int(length/(4*time.Second)):
		t.wrong = fmt.Sprintf("only %d calls were made", t.calls)
	case attempts > most:
		t.wrong = fmt.Sprintf("%d calls to the source, at most %d are allowed", attempts, most)
	}
	return t
}

// print shows the table, and gives the number of unexpected cells.
func (m *matrix) print(w io.Writer) (unexpected int) {
	fmt.Fprintf(w, "%-14s %-8s %-8s | calls, failed (of which must fail), calls to the source: %v\n", "fault", "policy", "opening", languages)
	var wrong bytes.Buffer
	total, sessions := tally{}, 0
	for i, c := range m.cells {
		fmt.Fprintf(w, "%-14s %-8s %-8s |", c.row.fault.Kind, policies[c.policy], c.opening())
		for _, l := range languages {
			if m.results[l][i] == nil {
				continue
			}
			sessions++
			attempts := m.roles[c.role(l)].Attempts
			t := judge(m.results[l][i], m.expected[i], attempts)
			mark := " "
			if t.wrong != "" {
				mark = "!"
				unexpected++
				fmt.Fprintf(&wrong, "unexpected: %s: %s\n", c.name(l), t.wrong)
			}
			fmt.Fprintf(w, " %3d %3d (%2d) %3d%s|", t.calls, t.failed, t.must, attempts, mark)
			total.calls += t.calls
			total.failed += t.failed
			total.must += t.must
		}
		fmt.Fprintf(w, " %s\n", m.expected[i].words(c.row.fault.Kind))
	}
	fmt.Fprint(w, wrong.String())
	fmt.Fprintf(w, "%d cells, %d calls, %d failed, %d of them had to by the rules with the tolerance taken off; %d unexpected cells\n",
		sessions, total.calls, total.failed, total.must, unexpected)
	return unexpected
}

// words tells what the rules expect of a cell.
func (e expectation) words(kind awstest.Kind) string {
	first, last, may := -1, -1, false
	for i, n := range e.failed {
		may = may || n > 0
		if n == e.runs {
			last = i
			if first < 0 {
				first = i
			}
		}
	}
	switch {
	case !may:
		return "no call fails"
	case kind == revoke:
		return "no call fails but at the rejection"
	case kind == awstest.KindClockOffset:
		return "calls may fail after the clock went back, while new sets end no later than the one held"
	}
	from := "the advisory window"
	switch at := time.Duration(first) * every; {
	case at >= lifetime-time.Second:
		from = "expiry"
	case at >= lifetime-mandatory-time.Second:
		from = "the mandatory window"
	}
	if last >= len(e.failed)-2 {
		return "calls fail from " + from + " on, as the hold-off lasts longer than the outage"
	}
	return "calls fail from " + from + " until the source is back"
}

// page is docs/faults.md.
func (m *matrix) page() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Faults in the real front ends

Written by `+"`./task faults -- --write`"+` after a run in which Go, Python and Node agreed with every line of the table.

In each language one process holds a session for each cell, every session with a role of its own on the [stand-in](stand-in.md), and makes signed calls (`+"`GetCallerIdentity`"+`, no second try) all the while.
Every cell has one timeline, counted from its first set: sets live %[1]s; the fault is in force from %[2]s to %[3]s; the end is at %[4]s. In the row `+"`revoke`"+` the source is sound, and the first set is revoked at %[5]s.
The policies' default windows are too long for that, so all sessions are given an advisory window of %[6]s, a mandatory one of %[7]s and a refresh timeout of %[8]s; all else is the policy's own.

What is expected is what the core decides in virtual time on the same timeline, over many seeds and over sources that fail at once or slowly. A cell is unexpected when a call fails though no call in any of these runs does within %[9]s of it,
when a call succeeds though all calls in all runs fail within %[9]s of it, or when the source is asked more often than the longest run asks it, times the %[10]d tries of an SDK.

In the row `+"`clock_offset`"+` the server's clock is two minutes ahead during the fault, and goes back at its end. The sets that come then end before the one that is held, which `+"`classic`"+` and `+"`adaptive`"+` take for no progress; `+"`aws2026`"+` has no such rule.

| fault | policy | deferred | eager |
|---|---|---|---|
`, lifetime, faultFrom, faultUntil, length, revokedAt, advisory, mandatory, timeout, tolerance, tries)
	for i := 0; i < len(m.cells); i += 2 {
		c := m.cells[i]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.row.fault.Kind, policies[c.policy], m.expected[i].words(c.row.fault.Kind), m.expected[i+1].words(c.row.fault.Kind))
	}
	return b.Bytes()
}
