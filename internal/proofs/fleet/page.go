package fleet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// heading is that of the section which Write writes.
const heading = "## At size\n"

const introduction = `
A simulator plays fleets in virtual time: %s processes of %s keys, which all start within a second, with a request a second each. The sessions are real ones of ` + "`core`" + `, each with the smallest host there can be. The stores are models of an engine: how long a call takes, a clock of whole seconds (DynamoDB, S3), a lock that falls at ` + "`kill -9`" + ` (file), writes that must begin anew (S3). Sets live an hour, and the source takes 0.1 to 0.4 s. A fifth of the wall clocks is two minutes behind, and a fifth 90 s ahead; the store's clock is 37 s off. ` + "`./task sim:fleet -- -share`" + ` plays all this in some two minutes, and fails if a bound is missed; with ` + "`-write docs/concepts`" + ` it writes this section.

Beside the sessions that share are the same sessions without sharing ("solo"), and a model of botocore's ` + "`JSONFileCache`" + ` that has all processes of a key on one machine, where each process that finds the file's set missing or near its end calls for itself.

![Calls of the source for one refresh of 100 processes](sharing/calls.svg)

| run | calls, first set | calls, later refresh | net | store calls | cold wait | takeover | nobody waits | longest wait |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
`

const reading = `
* **calls** are those of the source. **net** leaves out calls whose process was killed before it could publish: the source has answered them, and no design can save them. Where each leader is killed in the air, two calls for a refresh are the least there can be.
* **store calls** are for one process and refresh, on average, with those of the cold start. Where nothing fails and nobody waits, no process makes more than three.
* **cold wait** is the median and the 99th percentile of what a process waits at the start, if another makes its call; **takeover** the same from a leader's death to the next call of the source where a caller waits, and beside it where nobody does: then it has time. Spans are in milliseconds. Processes that start after the first set is there wait for a look only.
* A set that services refuse has to be replaced, which counts as a refresh. Where the source takes 6 to 9 s, those who wait for the first set fly alone after 7.5 to 10 s; so do those who wait for a leader that is stopped. A process whose clock is ahead by more than a set's life calls once for itself, and knows the time from then on.
* No set was believed to live longer than it does, no expiry went back, no refused set was taken again, and no caller got an error, in any of the runs.
* A fleet that starts in one second asks its store for much in that second: %s requests in the run "%s", which may be more than one server takes. The simulator's stores take any number. Spread the start, or the keys over a cluster; a store that does not keep up costs calls of the source, never credentials.

### Keys that were born together

The keys of a fleet that was deployed at once are refreshed at once, again and again, unless their refreshes part. In the advisory window of 15 to 10 minutes before the expiry, a set's own share of the draw is three quarters, so keys part; within a key, the earliest process makes the call. In the worst ten seconds of the first refresh there are %.2f times the calls of an even spread on half the window, and %.2f times at most from the third on.

![Calls of the source for 1,000 keys that were born together](sharing/spread.svg)
`

// section is the text of the page's section.
func (r *Report) section() string {
	var b strings.Builder
	born := r.born()
	fmt.Fprintf(&b, heading+introduction, thousands(int64(born.Plan.Processes)), thousands(int64(born.Plan.Keys)))
	peak := r.named("shared: redis")
	for i, row := range r.rows {
		b.WriteString(row.cells(r.tallies[i]))
	}
	fmt.Fprintf(&b, reading, thousands(peak.StorePeak), peak.Plan.Name, born.Spread(1), born.laterSpread())
	return b.String()
}

// cells is a row's line of the table.
func (r *Row) cells(t *Tally) string {
	_, net := t.PerRefresh()
	store, killed := fmt.Sprintf("%.2f", t.StorePerRefresh()), ""
	if r.Way != Shared {
		store = ""
	}
	if t.Kills > 0 {
		killed = fmt.Sprintf("%.3f", net)
	}
	return fmt.Sprintf("| %s | %.2f | %.3f | %s | %s | %s | %s | %s | %s |\n",
		r.Name, t.First(), t.Later(), killed, store, both(t.followers), both(t.takeovers), both(t.quietTakeovers), thousands(t.LongestWait))
}

// born is the run of the keys that were born together.
func (r *Report) born() *Tally {
	for i, row := range r.rows {
		if row.Spread {
			return r.tallies[i]
		}
	}
	return nil
}

// Write writes the section of sharing.md, and the pictures, into a directory. It needs
// all rows.
func (r *Report) Write(dir string) error {
	born := r.born()
	if born == nil || len(born.rounds) < 6 {
		return fmt.Errorf("the page needs all runs, with six refreshes")
	}
	page := filepath.Join(dir, "sharing.md")
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, after, found := strings.Cut(string(text), heading)
	if !found {
		return fmt.Errorf("%s has no section %q", page, strings.TrimSpace(heading))
	}
	if _, rest, more := strings.Cut(after, "\n## "); more {
		after = "\n## " + rest
	} else {
		after = ""
	}
	if err := os.WriteFile(page, []byte(before+r.section()+after), 0o644); err != nil {
		return err
	}
	pictures := filepath.Join(dir, "sharing")
	if err := os.MkdirAll(pictures, 0o755); err != nil {
		return err
	}
	for name, picture := range map[string]string{"calls": r.drawCalls(), "spread": r.drawSpread()} {
		if err := os.WriteFile(filepath.Join(pictures, name+".svg"), []byte(picture), 0o644); err != nil {
			return err
		}
	}
	return nil
}
