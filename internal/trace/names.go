package trace

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi"
)

// Names by number, as docs/reference/conformance.md prints them: those of the ABI's constants.
// Flags and notes are by bit.
var (
	kinds    = named("Kind")
	flags    = named("Flag")
	codes    = named("Code")
	classes  = named("ErrorClass")
	causes   = named("Cause")
	evidence = named("Evidence")
	phases   = named("Phase")
	notes    = named("Note")
	fields   = named("Status")
	methods  = named("Method")
	shares   = named("Share")
	states   = named("ShareState")

	// Options are the names of a session's options, from number 1.
	Options = named("Option")[1:]

	truths  = []string{"false", "true"}
	choices = map[core.Option][]string{
		core.OptPolicy:          named("Policy"),
		core.OptMethod:          methods,
		core.OptStability:       named("Stability"),
		core.OptAdvisoryRefresh: named("AdvisoryRefresh"),
		core.OptJitter:          truths,
		core.OptDeferRefresh:    truths,
		core.OptAttended:        truths,
		core.OptAdvisoryAuto:    truths,
		core.OptShare:           named("Sharing"),
	}
)

// named are the names of a group's constants, without its prefix and their unit. A number
// that has none is "".
func named(group string) (names []string) {
	groups := abi.Groups()
	g := groups[slices.IndexFunc(groups, func(g abi.Group) bool { return g.Name == group })]
	for _, c := range g.Constants {
		at := int(c.Value)
		if g.Bits {
			at = bits.TrailingZeros64(uint64(c.Value))
		}
		for len(names) <= at {
			names = append(names, "")
		}
		names[at] = strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(c.Name, g.Prefix)), "_ms")
	}
	return names
}

// index finds a name; -1: there is none.
func index(list []string, name string) int {
	if name == "" {
		return -1
	}
	return slices.Index(list, name)
}

func name[T ~int32 | ~int64](list []string, n T) string {
	if n >= 0 && int(n) < len(list) && list[n] != "" {
		return list[n]
	}
	return strconv.FormatInt(int64(n), 10)
}

func set[T ~int32 | ~int64](list []string, all T) string {
	var on []string
	for i, n := range list {
		if all&(1<<i) != 0 {
			on = append(on, n)
		}
	}
	return strings.Join(on, "|")
}

var units = []struct {
	name string
	ms   int64
}{{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}}

// FormatSpan writes a span in milliseconds as 1d2h3m4s5ms.
func FormatSpan(ms int64) string {
	if ms == 0 {
		return "0s"
	}
	out := ""
	if ms < 0 {
		out, ms = "-", -ms
	}
	for _, u := range units {
		if n := ms / u.ms; n > 0 {
			out += strconv.FormatInt(n, 10) + u.name
			ms %= u.ms
		}
	}
	return out
}

// ParseSpan reads what FormatSpan writes.
func ParseSpan(s string) (ms int64, ok bool) {
	rest, negative := strings.CutPrefix(s, "-")
	from := 0
	for rest != "" {
		n := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		v, err := strconv.ParseInt(rest[:n], 10, 64)
		rest = rest[n:]
		unit := len(rest) - len(strings.TrimLeft(rest, "dhms"))
		at := unitAt(rest[:unit], from)
		if err != nil || at < 0 {
			return 0, false
		}
		ms += v * units[at].ms
		rest, from, ok = rest[unit:], at+1, true
	}
	if negative {
		ms = -ms
	}
	return ms, ok
}

func unitAt(name string, from int) int {
	for i := from; i < len(units); i++ {
		if units[i].name == name {
			return i
		}
	}
	return -1
}
