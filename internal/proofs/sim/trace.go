package sim

import (
	"fmt"
	"strings"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/trace"
)

// recorder writes a history down as a scenario, in the language of core/testdata.
// Not every history can be: the language has one snapshot at a time, and no numbers
// that the ABI refuses.
type recorder struct {
	lines   []string
	at      core.Now // of the line before
	problem string   // why the history is no scenario
	// where each snapshot was taken that the history may go back to
	taken map[int]int                        // by its number: the line after which it is
	heard func(what string, d core.Decision) // for tests
	last  int                                // the number of the snapshot that the scenario has now; -1: none
}

// event adds a line, and before it what has become of the clocks.
func (r *Room) event(format string, args ...any) {
	if r.trace == nil {
		return
	}
	now, t := r.now(), r.trace
	wall, elapsed := now.Wall-t.at.Wall, now.Elapsed-t.at.Elapsed
	step := ""
	switch {
	case wall == elapsed && wall > 0:
		step = "+" + trace.FormatSpan(wall) + " "
	case wall != 0 || elapsed != 0:
		t.lines = append(t.lines, fmt.Sprintf("clock wall=%s elapsed=%s", trace.FormatSpan(wall), trace.FormatSpan(elapsed)))
	}
	t.at = now
	t.lines = append(t.lines, step+strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

// cannot tells that the language has no word for what happens.
func (r *Room) cannot(why string) {
	if r.trace != nil && r.trace.problem == "" {
		r.trace.problem = why
	}
}

// opened begins the scenario.
func (r *Room) opened() {
	if r.trace == nil {
		return
	}
	r.trace.at = core.Now{Wall: trace.Base}
	words := []string{"open"}
	for _, o := range r.options {
		words = append(words, fmt.Sprintf("%s=%v", trace.Options[o.name-1], o.value))
	}
	r.event("%s seed=%d", strings.Join(words, " "), r.seeds)
}

// named is a ticket as the scenario calls it.
func (r *Room) named(ticket int64) string {
	if a := r.attempts[ticket]; a != nil {
		return fmt.Sprintf("#%d", a.number+1)
	}
	if ticket <= int64(len(r.attempts)) {
		r.cannot("a ticket that was never issued, with the number of one that was")
	}
	return fmt.Sprintf("#%d", ticket)
}

func (r *Room) completed(ticket int64, f core.Facts) {
	if r.trace == nil {
		return
	}
	line := fmt.Sprintf("complete %s fp=%d", r.named(ticket), f.Fingerprint)
	const most = 1 << 60
	switch {
	case f.Expiry == core.Never:
		line += " endless"
	case f.Expiry < -most || f.Expiry > most || f.ServerTime > most || f.ServerTime < -most || f.Duration > most || f.Duration < 0:
		r.cannot("a number beyond what the ABI takes")
	default:
		line += " expires=" + trace.FormatSpan(f.Expiry-trace.Base)
	}
	if f.ServerTime != 0 {
		line += " server=" + trace.FormatSpan(f.ServerTime-r.now().Wall)
	}
	if f.Duration != 0 {
		line += " duration=" + trace.FormatSpan(f.Duration)
	}
	r.event("%s", line)
}

func (r *Room) failed(ticket int64, class core.Class, reason core.Code, pause int64) {
	if r.trace == nil {
		return
	}
	names := map[core.Class]string{core.Recoverable: "recoverable", core.Permanent: "permanent", core.Throttled: "throttled"}
	malformed := ""
	switch {
	case names[class] == "" || reason != core.CodeSource && reason != core.CodeMalformed || pause < 0 || pause > 1<<60:
		r.cannot("a failure that the ABI refuses")
	case reason == core.CodeMalformed:
		malformed = " malformed"
	}
	r.event("fail %s class=%s retry_after=%s%s", r.named(ticket), names[class], trace.FormatSpan(pause), malformed)
}

func (r *Room) asking(n core.Need) {
	if r.trace != nil {
		r.event("ask%s", needed(n))
	}
}

func needed(n core.Need) string {
	text := leastTTL(n.MinTTL)
	if n.Evidence != core.EvidenceNone {
		text += fmt.Sprintf(" other=%d", n.Other)
	}
	if n.Evidence == core.EvidenceWeak {
		text += " weak"
	}
	if n.Until != 0 {
		text += " until=" + trace.FormatSpan(n.Until)
	}
	return text
}

func (r *Room) leaving(n core.Need) {
	if r.trace != nil {
		n.Until = 0
		r.event("leave%s", needed(n))
	}
}

func (r *Room) answering(w waiter) {
	if r.trace == nil {
		return
	}
	forced := ""
	if w.forced {
		forced = " forced"
	}
	r.event("answer %s%s%s", r.named(w.ticket), needed(w.need), forced)
}

func leastTTL(ms int64) string {
	if ms == 0 {
		return ""
	}
	return " min_ttl=" + trace.FormatSpan(ms)
}

// snapped keeps where a snapshot was taken: it is written there once it is needed.
func (r *Room) snapped(number int) {
	if r.trace != nil {
		r.event("status phase") // has the clocks as they are here
		r.trace.taken[number] = len(r.trace.lines)
	}
}

func (r *Room) restoredFrom(number int) {
	t := r.trace
	if t == nil {
		return
	}
	at := t.taken[number]
	switch {
	case number == t.last:
	case at < t.taken[-1]: // another was restored from since
		r.cannot("a snapshot from before another one that was used")
	default:
		t.lines[at-1] = strings.Replace(t.lines[at-1], "status phase", "snapshot", 1)
		t.last = number
	}
	r.event("restore seed=%d", r.seeds)
	t.taken[-1] = len(t.lines)
}

// scenario is the text, without the answers.
func (t *recorder) scenario() (string, error) {
	if t.problem != "" {
		return "", fmt.Errorf("this history is no scenario: it has %s", t.problem)
	}
	return strings.Join(t.lines, "\n") + "\n", nil
}
