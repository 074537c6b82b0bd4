package main

import (
	"fmt"
	"strings"
)

const introduction = `# The same outages, six libraries

What happens to a program's requests when the source of its credentials fails? A simulator writes this page, in virtual time: evercreds (its real core) and models of the other libraries go through the same outages, with the same callers, on the same service. ` + "`./task outages`" + ` runs the simulator and writes the page and the pictures; equal sources give an equal page.

## What is simulated

* A caller asks for credentials, waits as long as the library makes it wait, signs one request with what it gets, and pauses. A request **fails** if the library gives an error, or if the service no longer accepts the set. A caller that waits makes fewer requests, as the number of requests shows.
* A call of STS takes 0.1 s. If STS does not answer, the client knows after a second. Unless a scenario says otherwise, 20 callers share a session, each makes a request a second, and sets (of credentials) live an hour.
* A failed call is tried again by AWS's Retry Behavior 2.1, the default of its SDKs since November 2026: up to three tries, up to 50 ms and 100 ms apart (1 s and 2 s after throttling). Each pause is drawn at random. A retry takes 14 (5 after throttling) from a budget of 500, which only successes refill. evercreds' sessions call STS through the SDK of their language, with fewer tries where the table says so.
* All libraries have their default settings, except for what the table says, and all fetch at the first request.
* A bar of a picture is a minute; red is the share of requests that failed in it. The background is grey while STS is down, hangs or throttles.

## The libraries

| library | what decides |
|---|---|
%s
evercreds and AWS's rules are the core itself. The three others are models of a few lines each (` + "`internal/proofs/outage/peers.go`" + `). A test compares the models with the real libraries, decision by decision, on random histories.

`

const reading = `## How to read it

A library that refreshes early survives outages that begin before the expiry and last beyond it. A library that refreshes late does not meet an outage that is over by then. Neither is always best, and the page has scenarios of each kind. evercreds adds this:

* An early refresh that fails concerns nobody while the held set is valid.
* Many callers make one call, and a source that fails is not called more often for it.
* The service's clock counts, not the host's.
* A set that a service refused is replaced at once for the caller that was refused.
* A caller without valid credentials waits for the next attempts, up to 30 s (` + "`max_wait`" + `), before it gets an error.

That wait has a price. In an outage that outlives the set, callers spend it waiting. A library that fails at once makes more requests, nearly all of which fail; about as many succeed with each. If an error at once is worth more to you than a success in half a minute, set ` + "`max_wait=0`" + `. No library can serve what nobody issues: if an outage lasts longer than the rest of the set's life plus the wait, requests fail.

The row "strict" is what boto3-refresh-session promises, to the letter: from ten minutes before the expiry no request goes out without a fresh set, and callers get an error at once. It fails requests that the held set could still have signed.
`

// page writes the whole page.
func page(results map[string][]tally) string {
	var b strings.Builder
	var rows strings.Builder
	for _, c := range contenders {
		fmt.Fprintf(&rows, "| %s | %s |\n", c.name, c.note)
	}
	fmt.Fprintf(&b, introduction, rows.String())
	for _, s := range scenarios {
		fmt.Fprintf(&b, "## %s\n\n%s\n\n", s.name, s.what)
		fmt.Fprintf(&b, "![%s: the share of failed requests in each minute](outages/%s.svg)\n\n", s.name, s.file())
		b.WriteString(s.table(results[s.name]))
		b.WriteString("\n" + s.verdict(results[s.name]) + "\n\n")
	}
	b.WriteString(reading)
	return b.String()
}

// table has a line for each library.
func (s scenario) table(tallies []tally) string {
	var b strings.Builder
	b.WriteString("| | requests | failed | longest wait | calls of STS | most in a second |\n|---|---:|---:|---:|---:|---:|\n")
	for i, t := range tallies {
		b.WriteString(line(contenders[i], t))
	}
	return b.String()
}

func line(c contender, t tally) string {
	failed := "**0**"
	if t.failed > 0 {
		failed = thousands(t.failed)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %d |\n",
		c.name, thousands(t.made), failed, seconds(t.longest), thousands(t.calls), t.peak)
}

// verdict says who fails requests, and where others do better than evercreds does.
func (s scenario) verdict(tallies []tally) string {
	least, most, wait, calls := tallies[0].failed, tallies[0].failed, tallies[0].longest, tallies[0].calls
	for _, t := range tallies[1:ours] {
		least, most = min(least, t.failed), max(most, t.failed)
		wait, calls = max(wait, t.longest), max(calls, t.calls)
	}
	text := "evercreds fails no request"
	if most > 0 {
		text = "evercreds fails " + thousands(least) + " to " + thousands(most) + " requests"
	}
	if least == most && most > 0 {
		text = "evercreds fails " + thousands(most) + " requests"
	}
	var worse, better []string
	for i := peers; i < len(tallies); i++ {
		name, t := contenders[i].name, tallies[i]
		switch {
		case t.failed > most:
			worse = append(worse, name)
		case t.failed < most:
			better = append(better, fmt.Sprintf("**%s does better here: %s requests fail, and nobody waits longer than %s.**", name, thousands(t.failed), seconds(t.longest)))
		default:
			if good := t.thrift(wait, calls); good != "" {
				better = append(better, "**With "+name+" as few requests fail, and "+good+".**")
			}
		}
	}
	switch {
	case len(worse) == 0 && len(better) == 0:
		text += ", as all others"
	case len(worse) > 0:
		text += "; " + list(worse) + verb(len(worse), " fails", " fail") + " more"
	}
	return strings.Join(append([]string{text + "."}, better...), " ")
}

// thrift says where a library that fails as few has callers wait half as long, or calls
// STS half as often.
func (t tally) thrift(wait, calls int64) string {
	var good []string
	if wait >= second && t.longest <= wait/2 {
		good = append(good, fmt.Sprintf("nobody waits longer than %s (with evercreds: %s)", seconds(t.longest), seconds(wait)))
	}
	if calls >= 10 && t.calls <= calls/2 {
		good = append(good, fmt.Sprintf("STS is called %s times (by evercreds up to %s)", thousands(t.calls), thousands(calls)))
	}
	return list(good)
}

// list is words with commas, and "and" before the last.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

func seconds(ms int64) string { return fmt.Sprintf("%.1f s", float64(ms)/1000) }

func verb(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func thousands(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// file is the name of the scenario's picture.
func (s scenario) file() string {
	words := strings.FieldsFunc(strings.ToLower(s.name), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	return strings.Join(words, "-")
}
