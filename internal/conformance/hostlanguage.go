package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/trace"
)

// The language of host scenarios and that of executors: docs/reference/host.md has both.

// order gives an executor's line for an event of a scenario.
func order(event string) (string, error) {
	w := strings.Fields(event)
	if len(w) > 1 && isCaller(w[0]) {
		return callerOrder(w[0], w[1:])
	}
	switch w[0] {
	case "open":
		return openOrder(strings.TrimPrefix(event, "open"))
	case "service":
		return serviceOrder(w)
	case "source":
		return sourceOrder(w)
	case "store":
		return storeOrder(w)
	case "invalidate":
		if len(w) == 2 {
			n, err := setNumber(w[1])
			return "invalidate " + n, err
		}
	case "clock", "wall":
		if len(w) == 2 {
			ms, err := milliseconds(strings.TrimPrefix(w[1], "+"))
			return w[0] + " " + ms, err
		}
	case "status":
		return strings.Join(w, " "), nil
	case "close":
		return "close", nil
	case "library":
		if len(w) == 2 && w[1] == "fails" {
			return "fault", nil
		}
	}
	return "", fmt.Errorf("%q is no event", event)
}

func isCaller(word string) bool { return len(word) == 1 && word >= "A" && word <= "Z" }

func callerOrder(caller string, w []string) (string, error) {
	switch {
	case w[0] == "asks":
		rest, err := parameters(w[1:], "min_ttl")
		return "ask " + caller + rest, err
	case w[0] == "refreshes" && len(w) == 1:
		return "refresh " + caller, nil
	case w[0] == "gives" && len(w) == 2 && w[1] == "up":
		return "give_up " + caller, nil
	}
	return "", fmt.Errorf("%s is nothing that a caller does", strings.Join(w, " "))
}

func openOrder(rest string) (string, error) {
	options, err := trace.ParseOptions(rest)
	if err != nil {
		return "", err
	}
	line := "open"
	if !strings.Contains(rest, "method=") {
		line += " method=2"
	}
	for _, o := range options {
		line += " " + trace.Options[o.Option-1] + "=" + strconv.FormatFloat(o.Value, 'g', -1, 64)
	}
	return line, nil
}

// serviceOrder reads: service rejects #N for A [weakly].
func serviceOrder(w []string) (string, error) {
	evidence := "1"
	if w[len(w)-1] == "weakly" {
		evidence, w = "2", w[:len(w)-1]
	}
	if len(w) != 5 || w[1] != "rejects" || w[3] != "for" || !isCaller(w[4]) {
		return "", errors.New("a service does: service rejects #N for A [weakly]")
	}
	n, err := setNumber(w[2])
	return "ask " + w[4] + " other=" + n + " evidence=" + evidence, err
}

// verbs of the source: their executor's names, and the parameters.
var verbs = map[string]struct {
	name  string
	takes []string
}{
	"answers":  {"answer", []string{"life", "endless", "same", "server", "duration"}},
	"fails":    {"fail", []string{"permanent", "throttled", "retry_after", "malformed"}},
	"dies":     {"die", nil},
	"asks":     {"reenter", []string{"min_ttl"}},
	"prompted": {"prompted", nil},
}

func sourceOrder(w []string) (string, error) {
	if len(w) < 3 || verbs[w[1]].name == "" {
		return "", fmt.Errorf("%q is nothing that a source does", strings.Join(w, " "))
	}
	verb := verbs[w[1]]
	n, err := number(w[2])
	if err != nil {
		return "", err
	}
	class := ""
	if verb.name == "fail" {
		class = " class=1"
		for i, name := range []string{"permanent", "throttled"} {
			if at := slices.Index(w, name); at > 0 {
				class = " class=" + strconv.Itoa(i+2)
				w = slices.Delete(slices.Clone(w), at, at+1)
			}
		}
	}
	rest, err := parameters(w[3:], verb.takes...)
	return verb.name + " " + n + class + rest, err
}

// parameters turns spans into milliseconds, flights into their numbers, and words that
// stand alone into name=1.
func parameters(w []string, known ...string) (string, error) {
	line := ""
	for _, word := range w {
		name, value, given := strings.Cut(word, "=")
		var err error
		switch {
		case !slices.Contains(known, name):
			err = fmt.Errorf("%q is not understood here", word)
		case !given:
			value = "1"
		case name == "same":
			value, err = number(value)
		default:
			value, err = milliseconds(value)
		}
		if err != nil {
			return "", err
		}
		line += " " + name + "=" + value
	}
	return line, nil
}

func number(ticket string) (string, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(ticket, "#"))
	if err != nil || n < 1 || ticket[0] != '#' {
		return "", fmt.Errorf("%q is no #N", ticket)
	}
	return strconv.Itoa(n), nil
}

func milliseconds(span string) (string, error) {
	ms, ok := trace.ParseSpan(span)
	if !ok {
		return "", fmt.Errorf("%q is no span", span)
	}
	return strconv.FormatInt(ms, 10), nil
}

// scene renders an executor's answers as the scenario has them.
type scene struct{ waiting map[string]bool }

// render gives the lines of one event: what was told, what the source sees, what the store
// is asked, then the callers. One who goes on waiting is not told of again.
func (s *scene) render(event string, answers []string) []string {
	if strings.HasPrefix(event, "open") {
		s.waiting = map[string]bool{}
	}
	var told, source, store, callers, rest []string
	for _, answer := range answers {
		w := strings.Fields(answer)
		if len(w) == 0 {
			continue
		}
		for i, word := range w {
			w[i] = spanned(word)
		}
		switch {
		case w[0] == "told":
			told = append(told, strings.Join(w, " "))
		case w[0] == "called" || w[0] == "cancelled" || w[0] == "refused" && len(w) == 3:
			w[1] = "#" + w[1]
			source = append(source, "source "+strings.Join(w, " "))
		case isStoreCall(w):
			store = append(store, storeCall(w))
		case isCaller(w[0]):
			if s.caller(w) {
				callers = append(callers, strings.Join(w, " "))
			}
		default:
			rest = append(rest, strings.Join(w, " "))
		}
	}
	// Attempts run beside each other: what comes first is told of each by itself only.
	slices.SortStableFunc(source, func(a, b string) int { return cmp.Compare(attemptOf(a), attemptOf(b)) })
	slices.Sort(store) // calls of two kinds are made beside each other
	slices.Sort(callers)
	return slices.Concat(told, source, store, callers, rest)
}

// attemptOf gives the number of the attempt that an answer of the source's is of.
func attemptOf(answer string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(strings.Fields(answer)[2], "#"))
	return n
}

// caller takes in what a caller got, and tells whether it is news.
func (s *scene) caller(w []string) bool {
	if w[1] == "waits" {
		news := !s.waiting[w[0]]
		s.waiting[w[0]] = true
		return news
	}
	delete(s.waiting, w[0])
	if w[1] == "gets" && len(w) > 2 {
		w[2] = setName(w[2])
	}
	return true
}

// spanned writes a number of milliseconds as a span, and a truth as a word.
func spanned(word string) string {
	name, value, ok := strings.Cut(word, "=")
	if at := slices.Index([]string{"0", "1"}, value); at >= 0 && hasUnit(name, words.Truth) {
		return name + "=" + strconv.FormatBool(at == 1)
	}
	ms, err := strconv.ParseInt(value, 10, 64)
	if !ok || err != nil || !isSpan(name) {
		return word
	}
	return name + "=" + trace.FormatSpan(ms)
}

func isSpan(name string) bool {
	return slices.Contains([]string{"left", "retry", "for", "life"}, name) || hasUnit(name, words.Span)
}

func hasUnit(name string, unit words.Unit) bool {
	return slices.ContainsFunc(words.Fields, func(f words.Field) bool { return f.Name == name && f.Unit == unit })
}
