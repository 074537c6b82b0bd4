package main

import (
	"fmt"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// outlives has the source down until all sets are gone, and then for a while.
func outlives(p *place, cs []client) []string {
	if found := all(p, cs, p.endpointFile("app"), 0, good); found != nil {
		return found
	}
	found := inject(p, awstest.Fault{Kind: awstest.KindHTTP, Role: roleARN})
	return append(found, all(p, cs, p.endpointFile("app"), 14*time.Second, func(name string, calls []call) []string {
		failed := false
		for _, c := range calls {
			if failed && c.ok {
				return []string{name + ": a call succeeded after the set's end"}
			}
			failed = failed || !c.ok
		}
		if !failed {
			return []string{name + ": no call failed"}
		}
		return nil
	})...)
}

// recovers has the source come back while clients fail.
func recovers(p *place, cs []client) []string {
	if found := all(p, cs, p.endpointFile("app"), 0, good); found != nil {
		return found
	}
	found := inject(p, awstest.Fault{Kind: awstest.KindHTTP, Role: roleARN})
	back := time.AfterFunc(14*time.Second, p.aws.ClearFaults)
	defer back.Stop()
	return append(found, all(p, cs, p.endpointFile("app"), 34*time.Second, func(name string, calls []call) []string {
		state := "held"
		for _, c := range calls {
			switch {
			case state == "held" && !c.ok:
				state = "down"
			case state == "down" && c.ok:
				state = "back"
			case state == "back" && !c.ok:
				return []string{name + ": a call failed after a good one: " + c.text}
			}
		}
		if state != "back" {
			return []string{fmt.Sprintf("%s: it ended as %q, after %d calls", name, state, len(calls))}
		}
		return nil
	})...)
}
