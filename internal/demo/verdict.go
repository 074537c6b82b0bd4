package main

import (
	"cmp"
	"fmt"
	"io"
	"regexp"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// outageSequence is what every language should have decided: a set, then an
// advisory attempt that fails in the outage and one after the hold-off that
// brings the next set, over and over; and once a set right after a set, as the one
// before was rejected. forcedSequence is that of real AWS.
var (
	outageSequence = regexp.MustCompile(`^I(FI)+I(FI)*F?$`)
	forcedSequence = regexp.MustCompile(`^II+$`)
)

// conclude prints the summary and reports whether all went as it should.
func conclude(out io.Writer, s *scene, latest map[string]report) bool {
	var calls, refreshes, failed int64
	ok := true
	fmt.Fprintln(out, "\nHow each refresh ended (I: new credentials, F: failed, the old ones served on):")
	for _, language := range workers.Languages {
		r := latest[language]
		calls += r.Calls
		refreshes += r.refreshes()
		failed += r.Failed
		problem := s.problem(language, r)
		verdict := "as it should"
		if problem != "" {
			ok, verdict = false, problem
		}
		fmt.Fprintf(out, "%-6s %s, %d calls, %d rejected sets, longest wait for credentials %d ms: %s\n",
			language, cmp.Or(r.Sequence, "none"), r.Calls, r.Rejected, r.Longest, verdict)
	}
	fmt.Fprintf(out, "demo: %d calls, %d refreshes, %d failed\n", calls, refreshes, failed)
	return ok
}

// problem says what went wrong with a language, or nothing.
func (s *scene) problem(language string, r report) string {
	want := forcedSequence
	if s.standIn != nil {
		want = outageSequence
	}
	switch {
	case r.Failed > 0:
		return fmt.Sprintf("%d calls failed, the last with: %s", r.Failed, r.Error)
	case !r.Done:
		return "ended early"
	case r.Calls == 0:
		return "made no call"
	case !want.MatchString(r.Sequence):
		return "another sequence of decisions than " + want.String()
	}
	return cmp.Or(s.rejected(r), s.counted(language, r))
}

// counted compares a worker's account with the stand-in's.
func (s *scene) counted(language string, r report) string {
	if s.standIn == nil {
		return ""
	}
	c := s.standIn.Counts().Roles[s.role(language)]
	if sets := r.refreshes() + 1; int64(c.Successes) != sets && int64(c.Successes) != sets+1 {
		return fmt.Sprintf("the stand-in issued %d sets, the session installed %d", c.Successes, sets)
	}
	return ""
}
