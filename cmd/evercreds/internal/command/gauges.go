package command

import (
	"fmt"
	"io"

	"github.com/evercreds/evercreds"
)

// roleMetrics are what each role's status comes to.
var roleMetrics = []struct {
	name, kind, help string
	value            func(s evercreds.Status) float64
}{
	{"evercreds_remaining_seconds", "gauge", "Life left of the held credentials.", func(s evercreds.Status) float64 {
		if s.Remaining == evercreds.Forever {
			return -1
		}
		return s.Remaining.Seconds()
	}},
	{"evercreds_expiry_timestamp_seconds", "gauge", "When the held credentials expire; 0: none are held.", func(s evercreds.Status) float64 {
		if s.Expiry.IsZero() {
			return 0
		}
		return float64(s.Expiry.Unix())
	}},
	{"evercreds_degraded", "gauge", "Whether a required refresh has failed.", func(s evercreds.Status) float64 { return number(s.Degraded) }},
	{"evercreds_refreshes_total", "counter", "Refreshes that brought new credentials.", func(s evercreds.Status) float64 { return float64(s.Installs) }},
	{"evercreds_failures_total", "counter", "Refreshes that failed.", func(s evercreds.Status) float64 { return float64(s.Failures) }},
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func writeGauges(w io.Writer, all []*served) {
	for _, m := range roleMetrics {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", m.name, m.help, m.name, m.kind)
		for _, s := range all {
			fmt.Fprintf(w, "%s{role=%q} %v\n", m.name, s.role.Name, m.value(s.opened.Session.Status()))
		}
	}
}
