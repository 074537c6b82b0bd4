package main

import (
	"slices"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// The rules' expectations, written by hand for cells that stand for the others.
func TestExpectationsFollowTheRules(t *testing.T) {
	const fails, backs = "calls fail from ", " until the source is back"
	want := map[string]string{
		"latency classic":      "no call fails",
		"http classic":         fails + "expiry" + backs,
		"http adaptive":        fails + "expiry" + backs,
		"hang adaptive":        fails + "expiry" + backs,
		"http aws2026":         fails + "expiry on, as the hold-off lasts longer than the outage",
		"clock_offset classic": "calls fail once the last set from before the clock went back has ended",
		"clock_offset aws2026": "no call fails",
		"revoke classic":       "no call fails but at the rejection",
	}
	for _, c := range cells() {
		name := string(c.row.fault.Kind) + " " + policies[c.policy]
		e, err := expect(c)
		if err != nil {
			t.Fatal(err)
		}
		if w, ok := want[name]; ok && e.words(c.row.fault.Kind) != w {
			t.Errorf("%s: %q, want %q", name, e.words(c.row.fault.Kind), w)
		}
	}
}

// A reply's Date has whole seconds, and hosts err early.
func TestSetsMayEndASecondEarly(t *testing.T) {
	e, err := expect(cell{row: row{fault: awstest.Fault{Kind: awstest.KindHTTP}, reply: reply{class: core.Recoverable}}})
	if err != nil {
		t.Fatal(err)
	}
	second := int(time.Second / every)
	ends := int(lifetime / every)
	if n := e.failed[ends-second]; n == 0 || n == e.made[ends-second] {
		t.Errorf("%d of %d calls fail a second before the expiry, want some", n, e.made[ends-second])
	}
	if n := e.failed[ends-2*second]; n > 0 {
		t.Errorf("%d calls fail two seconds before the expiry, want none", n)
	}
}

func TestJudgeFindsUnexpectedCells(t *testing.T) {
	unharmed := []string{"clock_offset aws2026"}
	for _, p := range policies {
		unharmed = append(unharmed, "latency "+p, "revoke "+p)
	}
	for _, c := range cells() {
		e, err := expect(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, ok := range []bool{true, false} {
			r := &result{disturbed: true}
			for at := time.Duration(0); at < length; at += time.Second {
				line := workers.Line{AtMs: at.Milliseconds()}
				if !ok {
					line.Failed = "refused"
				}
				r.calls = append(r.calls, line)
			}
			sound := ok && slices.Contains(unharmed, string(c.row.fault.Kind)+" "+policies[c.policy])
			if got := judge(r, e, 1).wrong; (got == "") != sound {
				t.Errorf("%s %s, all calls %v: %q", c.row.fault.Kind, policies[c.policy], ok, got)
			}
			if judge(r, e, e.flights*tries+1).wrong == "" {
				t.Errorf("%s: no bound on calls to the source", c.row.fault.Kind)
			}
		}
	}
}
