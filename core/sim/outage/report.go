package main

import (
	"fmt"
	"strings"
)

const introduction = `# The same outages, six libraries

What becomes of a program's requests when the source of its credentials fails? This page is written by a simulator, in virtual time: evercreds (its real core) and models of the libraries beside it live through the same outages, with the same callers, on the same service. ` + "`./task outages`" + ` runs it again and writes the page and the pictures anew; equal sources give an equal page.

## What is simulated

* A caller asks for credentials, waits as long as the library has it wait, signs one request with what it gets, and pauses. A request **fails** where the library gives an error, or where the service does not take the set any more. Whoever waits makes fewer requests, which the number of requests shows.
* A call of STS takes 0.1 s; where STS does not answer, a second passes before a client knows. Each refresh is one call through an SDK, which tries up to three times, 0.5 and 1 s apart. (evercreds makes one attempt at a time where nobody waits, at its own pace.)
* All libraries have their default settings, and all fetch at the first request.
* The bars of the pictures are minutes: red is the share of requests that failed in them. Grey behind them: STS is down or throttles.

## The libraries

| library | what decides |
|---|---|
%s
evercreds and AWS's rules are the core itself. The three others are models of a few lines each (` + "`core/sim/outage/peers.go`" + `), which a test plays against the real libraries, decision by decision, on random histories. The predecessor, boto3-refresh-session, refreshes by botocore's rules.

`

const reading = `## How to read it

Who refreshes early survives outages that begin before the expiry and last beyond it; who refreshes late does not meet an outage that is over by then. Neither is best always, and the page has a scenario of each kind. What evercreds adds is that an early refresh that fails concerns nobody while time is left, that many callers are one call, that a sick source is left in peace, that the service's clock counts and not the host's, and that a rejected set is replaced at once.

The classic policy keeps the predecessor's promise, that from ten minutes before the expiry no request goes out without a fresh set. That promise has a price, which the second scenario shows: it fails requests that the held set could still have signed. ` + "`policy=\"adaptive\"`" + ` (or ` + "`stability=\"until_expiry\"`" + ` alone) serves what is held until it ends.
`

// page writes the whole page. bests are the places where a peer does better.
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
	return fmt.Sprintf("| %s | %s | %s | %.1f s | %s | %d |\n",
		c.name, thousands(t.made), failed, float64(t.longest)/1000, thousands(t.calls), t.peak)
}

// verdict says who fails requests, and where others do better than evercreds does.
func (s scenario) verdict(tallies []tally) string {
	classic, adaptive := tallies[0], tallies[1]
	var fail, better []string
	for i := 3; i < len(tallies); i++ {
		if tallies[i].failed > 0 {
			fail = append(fail, contenders[i].name)
		}
		if tallies[i].failed < classic.failed {
			better = append(better, contenders[i].name)
		}
	}
	text := "No library fails a request."
	switch {
	case classic.failed == 0 && len(fail) > 0:
		text = "evercreds fails no request; " + strings.Join(fail, " and ") + " " + verb(len(fail), "fails", "fail") + " some."
	case classic.failed > 0 && adaptive.failed == 0:
		text = "The classic policy fails requests, the adaptive one none."
	case classic.failed > 0:
		text = "evercreds fails requests too."
	}
	if len(better) > 0 {
		text += " **" + strings.Join(better, " and ") + " " + verb(len(better), "does", "do") + " better than the classic policy here.**"
	}
	return text
}

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
