package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/evercreds/evercreds/internal/trace"
)

// runSuite runs AWS's scenarios in every host, prints a table, each failure with
// its events, and the closing line, and reports whether all passed everywhere.
func runSuite(out io.Writer, hosts []host, scenarios []suiteScenario) (bool, error) {
	var names []string
	for i, s := range scenarios {
		names = append(names, fmt.Sprintf("%2d %s", i+1, shorten(s.Documentation, 72)))
	}
	t := newTable("scenario of AWS", names, hosts)
	t.head(out)
	passed := 0
	var failures strings.Builder
	for i := range scenarios {
		var cells []string
		good := true
		for _, h := range hosts {
			failure := runSuiteScenario(h, &scenarios[i])
			good = good && failure == ""
			cells = append(cells, verdict(failure == "", "fails"))
			if failure != "" {
				fmt.Fprintf(&failures, "\n%s in %s:\n%s", names[i], h.name, failure)
			}
		}
		if good {
			passed++
		}
		t.row(out, names[i], cells)
	}
	fmt.Fprintf(out, "%s\naws suite: %d/%d in %d hosts\n", failures.String(), passed, len(scenarios), len(hosts))
	return passed == len(scenarios), nil
}

// runSuiteScenario runs one scenario in one host; what went wrong, or "".
func runSuiteScenario(h host, s *suiteScenario) string {
	seed := 1
	if s.Given.RefreshBackoff != nil {
		var err error
		if seed, err = findSeed(h, s, int64(*s.Given.RefreshBackoff*1000)); err != nil {
			return err.Error() + "\n"
		}
	}
	w := &script{}
	w.write(s, seed, len(s.Steps))
	output, err := h.replay(w.text())
	if err != nil {
		return err.Error() + "\n"
	}
	complaints := w.judge(output)
	if len(complaints) == 0 {
		return ""
	}
	return strings.Join(complaints, "\n") + "\n" + output
}

const (
	seedsTried = 400
	// The machine draws from 300 s: 1 in 30 seeds comes this near to any value.
	seedTolerance = 5_000 // ms
)

// findSeed looks for a seed with which the machine itself draws the hold-off
// that the scenario prescribes, by having the host play the scenario's first
// failure with many seeds.
func findSeed(h host, s *suiteScenario, want int64) (int, error) {
	failing := 0
	for failing < len(s.Steps) && s.Steps[failing].Response != "error" && s.Steps[failing].Response != "staleCredentials" {
		failing++
	}
	if failing == len(s.Steps) {
		return 0, fmt.Errorf("refreshBackoffSeconds is given, and nothing fails")
	}
	w := &script{}
	var at []int
	for seed := 1; seed <= seedsTried; seed++ {
		w.write(s, seed, failing+1)
		at = append(at, len(w.lines))
		w.event("status hold_off")
	}
	output, err := h.replay(w.text())
	if err != nil {
		return 0, err
	}
	list, err := w.answers(output)
	if err != nil {
		return 0, err
	}
	for i, event := range at {
		ms, ok := trace.ParseSpan(list[event].fields["hold_off"])
		if ok && ms >= want-seedTolerance && ms <= want+seedTolerance {
			return i + 1, nil
		}
	}
	return 0, fmt.Errorf("none of %d seeds draws a hold-off of %s", seedsTried, trace.FormatSpan(want))
}

func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.TrimSpace(text[:most-3]) + "..."
}
