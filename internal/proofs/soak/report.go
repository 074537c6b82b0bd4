package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/proofs/workers"
)

const placeOfRuns = "<!-- the last run -->"

// print is the report on one language.
func (s *soak) print(to io.Writer) {
	fmt.Fprintf(to, "%s: %s\n", s.language, s.summary())
	fmt.Fprintf(to, "  %-18s %12s %12s %8s %12s %12s %12s %12s\n", "", "second fifth", "last fifth", "ratio", "allowed", "a minute", "start", "end")
	for _, r := range s.rows {
		fmt.Fprintf(to, "  %-18s %12s %12s %8s %12s %12s %12s %12s %s\n", r.name, r.show(r.before), r.show(r.after),
			ratio(r.before, r.after), "+"+r.show(r.allowed), r.show(r.perMinute), r.show(r.start), r.show(r.end), r.problem)
	}
	for _, f := range s.unexplained[:min(5, len(s.unexplained))] {
		fmt.Fprintf(to, "  not explained: %s, %d ms, held: %v, code: %q: %s: %.300s\n",
			time.UnixMilli(f.atMs).UTC().Format(time.TimeOnly), f.tookMs, f.held, f.code, f.source, f.error)
	}
	if words := s.worker.Words(); len(s.unexplained) > 0 && words != "" {
		fmt.Fprintf(to, "  the worker said:\n%s\n", words)
	}
}

func (s *soak) summary() string {
	t := s.totals
	text := fmt.Sprintf("%g minutes, %d refreshes, %d signed calls, %d sessions", s.minutes, t["refreshes"], t["calls"], t["sessions"])
	if n := t["forks"]; n > 0 {
		text += fmt.Sprintf(", %d forked children, %d threads that ended", n, t["threads"])
	}
	return text + fmt.Sprintf(", %d faults, %d sets rejected; %d calls failed, %d of them unexplained%s",
		s.faults, t["rejected"], t["failed"], len(s.unexplained), s.standstills())
}

// standstills says how much of the run explains nothing, as the machine was too busy.
func (s *soak) standstills() string {
	var ms int64
	for _, b := range slices.Concat(s.stalls, s.own) {
		ms += b.endMs - b.fromMs
	}
	if ms == 0 {
		return ""
	}
	return fmt.Sprintf("; the machine was too busy for %d s of it", ms/1000)
}

// failure is nil where the soak found nothing.
func (s *soak) failure() error {
	var problems []string
	for _, r := range s.rows {
		if r.problem != "" {
			problems = append(problems, r.name+": "+r.problem)
		}
	}
	if len(s.unexplained) > 0 {
		problems = append(problems, fmt.Sprintf("%d failed calls that nothing explains", len(s.unexplained)))
	}
	if s.totals["refreshes"] == 0 || s.faults == 0 || len(s.failed) == 0 {
		problems = append(problems, "no refresh, no fault or no failed call: the run shows nothing")
	}
	if len(problems) == 0 {
		return nil
	}
	return errors.New(s.language + ": " + strings.Join(problems, "; "))
}

func (r row) show(n float64) string {
	if strings.HasSuffix(r.name, "bytes") {
		return fmt.Sprintf("%.2f MB", n/mb)
	}
	return fmt.Sprintf("%.5g", n)
}

func ratio(before, after float64) string {
	if before == 0 {
		return ""
	}
	return fmt.Sprintf("%.3f", after/before)
}

// title is the heading of a language's part of the page.
func (s *soak) title() string {
	return "### " + map[string]string{"go": "Go", "python": "Python", "node": "Node"}[s.language] + "\n"
}

// writePage puts the runs at the end of the page, in the place of those of the
// same languages.
func writePage(path string, runs []*soak) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head, last, found := strings.Cut(string(text), placeOfRuns+"\n")
	if !found {
		return fmt.Errorf("%s has no line %s", path, placeOfRuns)
	}
	parts := map[string]string{} // by title
	for part := range strings.SplitSeq(last, "\n### ") {
		if title, rest, ok := strings.Cut(part, "\n"); ok && title != "" {
			parts["### "+title+"\n"] = rest
		}
	}
	for _, s := range runs {
		parts[s.title()] = s.part()
	}
	page := head + placeOfRuns + "\n"
	for _, language := range workers.Languages {
		if title := (&soak{language: language}).title(); parts[title] != "" {
			page += "\n" + title + "\n" + strings.TrimSpace(parts[title]) + "\n"
		}
	}
	return os.WriteFile(path, []byte(page), 0o644)
}

func (s *soak) part() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n\n| | second fifth | last fifth | ratio | may grow by | a minute | start | end |\n|---|---|---|---|---|---|---|---|\n", s.summary())
	for _, r := range s.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.name, r.show(r.before), r.show(r.after),
			ratio(r.before, r.after), r.show(r.allowed), r.show(r.perMinute), r.show(r.start), r.show(r.end))
	}
	return b.String()
}
