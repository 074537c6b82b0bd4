package trace

import (
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/core"
)

// Names by number, as docs/conformance.md prints them. Flags and notes are by
// bit, options and status fields from 1.
var (
	kinds    = words("none serve serve_and_refresh refresh_inline refresh wait error")
	flags    = words("degraded expired held_off flight_failed endless")
	codes    = words("none source timed_out abandoned malformed expired_reply still_rejected no_progress rejected min_ttl closed")
	classes  = words("none recoverable permanent throttled")
	causes   = words("none first advisory mandatory rejected forced idle min_ttl degraded reported")
	evidence = words("none strong weak")
	phases   = words("empty fresh advisory mandatory expired")
	notes    = words("installed failed failed_quietly timed_out late_installed late_ignored unknown_ticket no_progress reanchored rejected invalidate_ignored spaced windows_shrunk written_off degraded reported")

	// Options are the names of a session's options, from number 1.
	Options = words("policy method advisory_timeout advisory_auto mandatory_timeout stability advisory_refresh refresh_timeout jitter max_stale defer_refresh attended max_wait")
	fields  = words("phase remaining advisory mandatory lifetime degraded last_code last_class last_ticket hold_off set flight epoch is_rejected next_wake is_closed starts installs failures time_outs unknown_tickets late_answers no_progress rejections is_reported")
	methods = map[string]int64{"sts": 1, "custom": 2, "iot": 3}
	choices = map[core.Option][]string{
		core.OptPolicy:          words("classic adaptive aws2026"),
		core.OptStability:       words("strict until_expiry static"),
		core.OptAdvisoryRefresh: words("background inline"),
		core.OptJitter:          words("false true"),
		core.OptDeferRefresh:    words("false true"),
		core.OptAttended:        words("false true"),
		core.OptAdvisoryAuto:    words("false true"),
	}
)

func words(s string) []string { return strings.Fields(s) }

func index(list []string, name string) int {
	for i, n := range list {
		if n == name {
			return i
		}
	}
	return -1
}

func name[T ~int32 | ~int64](list []string, n T) string {
	if n >= 0 && int(n) < len(list) {
		return list[n]
	}
	return strconv.FormatInt(int64(n), 10)
}

func bits[T ~int32 | ~int64](list []string, set T) string {
	var on []string
	for i, n := range list {
		if set&(1<<i) != 0 {
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
