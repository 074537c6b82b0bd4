package main

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// words tells what the rules expect of a cell.
func (e expectation) words(kind awstest.Kind) string {
	may, first, last := -1, -1, -1 // the first call that may fail; the first and last that must
	for i, n := range e.failed {
		if n > 0 && may < 0 {
			may = i
		}
		if n > 0 && n == e.made[i] {
			last = i
			if first < 0 {
				first = i
			}
		}
	}
	switch {
	case may < 0:
		return "no call fails"
	case kind == revoke:
		return "no call fails but at the rejection"
	case kind == offset:
		return "calls fail once the last set from before the clock went back has ended"
	}
	words := "calls fail from " + window(first)
	if early := window(may); early != window(first) {
		words = "calls may fail from " + early + ", and do from " + window(first)
	}
	if last >= len(e.failed)-2 {
		return words + " on, as the hold-off lasts longer than the outage"
	}
	return words + " until the source is back"
}

// window is where a half second lies in the life of the first set, which ends up
// to a second early for hosts.
func window(bin int) string {
	switch at := time.Duration(bin)*every + time.Second; {
	case at >= lifetime:
		return "expiry"
	case at >= lifetime-mandatory:
		return "the mandatory window"
	}
	return "the advisory window"
}

// page is docs/evidence/faults.md.
func (m *matrix) page() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Faults in the real front ends

`+"`./task faults -- --write`"+` writes this page after a run in which Go, Python and Node agreed with every line of the table.

In each language one process holds a session for each cell. Every session has a role of its own on the [stand-in](../reference/stand-in.md), and makes signed calls (`+"`GetCallerIdentity`"+`, no second try) all the while.

Every cell has one timeline, counted from its first set of credentials: sets live %[1]s; the fault is in force from %[2]s to %[3]s; the run ends at %[4]s. In the row `+"`revoke`"+` the source is sound, and the first set is revoked at %[5]s.

The policies' default windows are too long for that, so all sessions have an advisory window of %[6]s, a mandatory window of %[7]s and a refresh timeout of %[8]s. `+"`max_wait`"+` is 0, so that each call shows what becomes of the attempt that it meets. All else is the policy's own. The mandatory window is %[12]s longer than the timeout, for the first caller to come in: under every policy but `+"`aws2026`"+`, a caller whose wait for a hanging source outlasts the set can only get the error.

The core says what to expect: it decides in virtual time on the same timeline, over many seeds, with callers that come more or less often, with sources that fail at once or slowly, and with Date headers of whole seconds, for which the hosts let a set end up to a second early. A cell is unexpected in three cases: a call fails though no call in any of these runs fails within %[9]s of it; a call succeeds though all calls in all runs fail within %[9]s of it; or the source is asked more often than the longest run asks it, times the %[10]d tries of an SDK.

In the row `+"`clock_offset`"+` the server's clock is two minutes ahead from %[2]s to %[11]s, and then goes back. Later sets live as long as any, but by the source's own dates they end before the held set. `+"`classic`"+` and `+"`adaptive`"+` go by these dates, and see no progress. That is not a failure, so the held set is served until it ends. Then calls fail until the source gives a set that ends later than that one, here after the timeline. A set that comes from `+"`refresh()`"+`, or after a rejection, is accepted all the same. `+"`aws2026`"+` has no such rule.

| fault | policy | deferred | eager |
|---|---|---|---|
`, lifetime, faultFrom, faultUntil, length, revokedAt, advisory, mandatory, timeout, tolerance, tries, offsetUntil, mandatory-timeout)
	for i := 0; i < len(m.cells); i += 2 {
		c := m.cells[i]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.row.fault.Kind, policies[c.policy], m.expected[i].words(c.row.fault.Kind), m.expected[i+1].words(c.row.fault.Kind))
	}
	m.counts(&b)
	return b.Bytes()
}

// counts tells what was counted, deferred and eager sessions together.
func (m *matrix) counts(b *bytes.Buffer) {
	b.WriteString(`
## What was counted

Each cell has three numbers, from the run that wrote this page, for deferred and eager sessions together: calls made, calls that failed, and failed calls that had to fail by the rules, without the tolerance. The other failed calls failed within the tolerance of such a time.

| fault | policy |`)
	for _, l := range workers.Languages {
		fmt.Fprintf(b, " %s |", l)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---:|", len(workers.Languages)) + "\n")
	for i := 0; i < len(m.cells); i += 2 {
		c := m.cells[i]
		fmt.Fprintf(b, "| `%s` | %s |", c.row.fault.Kind, policies[c.policy])
		for _, l := range workers.Languages {
			var sum tally
			for j := i; j < i+2; j++ {
				t := m.tally(l, j)
				sum.calls, sum.failed, sum.must = sum.calls+t.calls, sum.failed+t.failed, sum.must+t.must
			}
			fmt.Fprintf(b, " %d, %d, %d |", sum.calls, sum.failed, sum.must)
		}
		b.WriteString("\n")
	}
}
