package trace

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/core"
)

// args are the parameters of one event. Each is taken once; finish refuses what
// is left over. The first error is kept.
type args struct {
	words  []string
	ticket int64
	err    error
}

// take removes a name=value parameter.
func (a *args) take(name string) (string, bool) {
	for i, w := range a.words {
		if v, ok := strings.CutPrefix(w, name+"="); ok {
			a.words = append(a.words[:i:i], a.words[i+1:]...)
			return v, true
		}
	}
	return "", false
}

func (a *args) has(name string) bool {
	for _, w := range a.words {
		if strings.HasPrefix(w, name+"=") {
			return true
		}
	}
	return false
}

func (a *args) text(name string) string {
	v, _ := a.take(name)
	return v
}

// word removes a parameter that stands alone.
func (a *args) word(name string) bool {
	for i, w := range a.words {
		if w == name {
			a.words = append(a.words[:i:i], a.words[i+1:]...)
			return true
		}
	}
	return false
}

func (a *args) span(name string) int64 {
	v, ok := a.take(name)
	if !ok {
		return 0
	}
	ms, ok := ParseSpan(v)
	if !ok && a.err == nil {
		a.err = fmt.Errorf("%s=%q is not a span", name, v)
	}
	return ms
}

func (a *args) number(name string) int64 {
	v, ok := a.take(name)
	n, err := strconv.ParseInt(v, 10, 64)
	if (!ok || err != nil) && a.err == nil {
		a.err = fmt.Errorf("%s must be given, a whole number", name)
	}
	return n
}

// outOfRange tells whether the ABI refuses this event for a number in it. Hosts
// without the ABI between them and the core are to answer alike.
func (r *replayer) outOfRange(verb string, a *args) bool {
	const maxInstant = 253402300800000 // the end of the year 9999
	for _, at := range []int64{r.now.Wall, r.now.Elapsed} {
		if verb != "close" && (at < -maxInstant || at > maxInstant) {
			return true
		}
	}
	for _, w := range a.words {
		name, value, _ := strings.Cut(w, "=")
		ms, _ := ParseSpan(value)
		if name == "min_ttl" && ms > core.MaxMinTTL {
			return true
		}
		if ms < 0 && (name == "min_ttl" || name == "until" || name == "retry_after" || name == "duration") {
			return true
		}
		if belowZero(verb, name, value) {
			return true
		}
	}
	return false
}

func (a *args) finish() error {
	if a.err != nil {
		return a.err
	}
	if len(a.words) > 0 {
		return fmt.Errorf("%q is not understood here", a.words[0])
	}
	return nil
}

// named takes the #N of an event.
func (r *replayer) named(a *args) int64 {
	for i, w := range a.words {
		v, ok := strings.CutPrefix(w, "#")
		if !ok {
			continue
		}
		a.words = append(a.words[:i:i], a.words[i+1:]...)
		n, err := strconv.ParseInt(v, 10, 52)
		if err != nil || n < 0 {
			break
		}
		if n >= 1 && n <= int64(len(r.tickets)) {
			return r.tickets[n-1]
		}
		return n
	}
	if a.err == nil {
		a.err = fmt.Errorf("a ticket must be given, as #1")
	}
	return 0
}

// ParseOptions reads the options of an open, with nothing else among them.
func ParseOptions(text string) ([]Option, error) {
	a := &args{ticket: -1, words: strings.Fields(text)}
	options, err := parseOptions(a)
	if err == nil {
		err = a.finish()
	}
	return options, err
}

// parseOptions takes all option=value parameters, in their order.
func parseOptions(a *args) ([]Option, error) {
	var options []Option
	var rest []string
	for _, w := range a.words {
		name, value, ok := strings.Cut(w, "=")
		at := index(Options, name)
		if !ok || at < 0 {
			rest = append(rest, w)
			continue
		}
		o := core.Option(at + 1)
		if o == core.OptAdvisoryTimeout && value == "auto" {
			options = append(options, Option{core.OptAdvisoryAuto, 1})
			continue
		}
		v, ok := optionValue(o, value)
		if !ok {
			return nil, fmt.Errorf("%s=%q is not understood", name, value)
		}
		options = append(options, Option{o, v})
	}
	a.words = rest
	return options, nil
}

func optionValue(o core.Option, text string) (float64, bool) {
	if n := index(choices[o], text); n >= 0 {
		return float64(n), true
	}
	if text == "nan" {
		return math.NaN(), true
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil
}
