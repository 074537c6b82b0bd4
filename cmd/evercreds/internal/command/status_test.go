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

// TestStatusSaysWhereTheBaseIsFrom: keys of the environment, a profile, and neither.
func TestStatusSaysWhereTheBaseIsFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	if out := w.good("status", "--role-arn", role); !strings.Contains(out, "(of the keys in the environment)") {
		t.Errorf("keys of the environment: %s", out)
	}
	w.env["AWS_CONFIG_FILE"] = w.file("config", "[profile base]\naws_access_key_id = "+w.aws.Base.AccessKeyID+
		"\naws_secret_access_key = "+w.aws.Base.SecretAccessKey+"\n")
	if out := w.good("status", "--profile", "base", "--role-arn", role); !strings.Contains(out, "(of profile base)") {
		t.Errorf("a profile: %s", out)
	}
	w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	if out, _, _ := w.run("status", "--role-arn", role); !strings.Contains(out, "(of the AWS SDK's chain, without a profile)") {
		t.Errorf("neither: %s", out)
	}
}
