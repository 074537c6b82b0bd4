package main

import (
	"bytes"
	"strings"
	"testing"
)

// On real AWS nothing is counted beside the reports.
func onAWS() *scene { return &scene{params: params{roleARN: "arn:aws:iam::123456789012:role/demo"}} }

func TestVerdictOnReports(t *testing.T) {
	good := report{Calls: 9, Sequence: "III", Done: true}
	cases := []struct {
		name string
		spot func(*report)
		want string // within the line of the language; empty: all is well
	}{
		{"all is well", func(*report) {}, ""},
		{"a call failed", func(r *report) { r.Failed, r.Error = 1, "refused" }, "1 calls failed, the last with: refused"},
		{"a worker died", func(r *report) { r.Done = false }, "ended early"},
		{"no call", func(r *report) { r.Calls = 0 }, "made no call"},
		{"no refresh", func(r *report) { r.Sequence = "I" }, "another sequence"},
		{"a refresh failed", func(r *report) { r.Sequence = "IFI" }, "another sequence"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			spotted := good
			c.spot(&spotted)
			var out bytes.Buffer
			ok := conclude(&out, onAWS(), map[string]report{"go": good, "python": spotted, "node": good})
			if ok != (c.want == "") || !strings.Contains(out.String(), c.want) {
				t.Errorf("ok: %t, want %q in\n%s", ok, c.want, out.String())
			}
		})
	}
}

func TestVerdictNeedsEveryLanguage(t *testing.T) {
	good := report{Calls: 9, Sequence: "III", Done: true}
	var out bytes.Buffer
	if conclude(&out, onAWS(), map[string]report{"go": good, "node": good}) {
		t.Errorf("all is well without Python:\n%s", out.String())
	}
	if want := "demo: 18 calls, 4 refreshes, 0 failed\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("got\n%s\nwant it to end with %q", out.String(), want)
	}
}

func TestOutageSequence(t *testing.T) {
	for sequence, want := range map[string]bool{
		"IFII": true, "IFIIF": true, "IFIIFI": true, "IFIFIIFI": true,
		"": false, "I": false, "IF": false, "II": false, "IFI": false, "IFIFI": false, "IFFII": false, "FIFII": false, "IFIII": false, "IFIIFII": false,
	} {
		if got := outageSequence.MatchString(sequence); got != want {
			t.Errorf("%q: got %t, want %t", sequence, got, want)
		}
	}
}
