package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// tries are the most calls that an SDK makes to the source in one refresh.
const tries = 3

// result is what became of one cell in one language.
type result struct {
	disturbed bool
	origin    int64 // when the first set was handed out, in ms since 1970
	calls     []workers.Line
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
		if !slices.ContainsFunc(workers.Languages, chosen) {
			continue
		}
		e, err := expect(c)
		if err != nil {
			return nil, err
		}
		for c.copy = range copies {
			m.cells, m.expected = append(m.cells, c), append(m.expected, e)
			for _, l := range workers.Languages {
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
	pause               time.Duration // longest from a call to the next
	wrong               string        // why the cell is unexpected; empty: it is not
}

func judge(r *result, e expectation, attempts int) (t tally) {
	for i, c := range r.calls {
		if i > 0 {
			t.pause = max(t.pause, time.Duration(c.AtMs-r.calls[i-1].EndMs)*time.Millisecond)
		}
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
		if c.Failed != "" {
			t.failed++
		}
		switch {
		case t.wrong != "":
		case c.Failed != "" && !may:
			t.wrong = fmt.Sprintf("a call failed at %s, though none should: %.200s", since, c.Failed)
		case c.Failed == "" && must:
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

// tally judges a cell in a language.
func (m *matrix) tally(language string, cell int) tally {
	return judge(m.results[language][cell], m.expected[cell], m.attempts(language, cell))
}

// attempts counts the calls of a cell's session to the source.
func (m *matrix) attempts(language string, cell int) int {
	return m.roles[m.cells[cell].role(language)].Attempts
}

// print shows the table. It is an error that a cell is unexpected.
func (m *matrix) print(w io.Writer) error {
	fmt.Fprintf(w, "%-14s %-8s %-8s | calls, failed (of which must fail), calls to the source: %v\n", "fault", "policy", "opening", workers.Languages)
	var wrong bytes.Buffer
	total, sessions, unexpected := tally{}, 0, 0
	for i, c := range m.cells {
		fmt.Fprintf(w, "%-14s %-8s %-8s |", c.row.fault.Kind, policies[c.policy], c.opening())
		for _, l := range workers.Languages {
			if m.results[l][i] == nil {
				continue
			}
			sessions++
			t := m.tally(l, i)
			mark := " "
			if t.wrong != "" {
				mark = "!"
				unexpected++
				fmt.Fprintf(&wrong, "unexpected: %s: %s\n", c.name(l), t.wrong)
			}
			fmt.Fprintf(w, " %3d %3d (%2d) %3d%s|", t.calls, t.failed, t.must, m.attempts(l, i), mark)
			total.calls += t.calls
			total.failed += t.failed
			total.must += t.must
			total.pause = max(total.pause, t.pause)
		}
		fmt.Fprintf(w, " %s\n", m.expected[i].words(c.row.fault.Kind))
	}
	fmt.Fprint(w, wrong.String())
	fmt.Fprintf(w, "%d cells, %d calls, %d failed, %d of them had to by the rules with the tolerance taken off; %d unexpected cells\n",
		sessions, total.calls, total.failed, total.must, unexpected)
	fmt.Fprintf(w, "a worker's pause of a second took %s at most; the rules were asked about %s at most\n", total.pause, slowest)
	switch {
	case unexpected > 0 && total.pause > slowest:
		return fmt.Errorf("%d unexpected cells, but the machine was too busy to tell; run it again", unexpected)
	case unexpected > 0:
		return fmt.Errorf("%d unexpected cells", unexpected)
	}
	return nil
}
