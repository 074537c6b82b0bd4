package command

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestStatusTellsWhereThingsStand has all that the page promises of status.
func TestStatusTellsWhereThingsStand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	if err := w.aws.SetClockOffset(2 * time.Minute); err != nil {
		t.Fatal(err)
	}
	out := w.good("status", "--role-arn", role)
	for _, want := range []string{"flags: fresh, expires 20", "refresh in ", "source: ", role, " s behind AWS's\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	w.good("cache", "clear")
	var all []struct {
		ClockOffset *int64   `json:"clock_offset_s"`
		Chain       []string `json:"chain"`
		NextRefresh string   `json:"next_refresh"`
	}
	if err := json.Unmarshal([]byte(w.good("status", "--role-arn", role, "--json")), &all); err != nil {
		t.Fatal(err)
	}
	if off := all[0].ClockOffset; off == nil || *off > -118 || *off < -180 {
		t.Errorf("the clock is two minutes behind, and not %v s", off)
	}
	if len(all[0].Chain) == 0 || all[0].NextRefresh == "" {
		t.Errorf("it lacks the sources or the next refresh: %+v", all[0])
	}
	// Another process has the set of the store, and has asked nobody.
	if out := w.good("status", "--role-arn", role); strings.Contains(out, "clock: ") {
		t.Errorf("nobody replied, and it says\n%s", out)
	}
}
