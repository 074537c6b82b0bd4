package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

// testCase is a row of the table.
type testCase struct {
	name     string
	short    bool
	lifetime time.Duration
	flags    []string // of serve
	no       bool     // no server: the case does without, or starts it
	play     func(p *place, clients []client) []string
}

func (c testCase) run(evercreds string, clients []client) []string {
	p, err := newPlace(evercreds, c.lifetime)
	if err != nil {
		return []string{err.Error()}
	}
	defer p.close()
	if !c.no {
		if err := p.serve(c.flags...); err != nil {
			return []string{err.Error()}
		}
	}
	troubles := c.play(p, clients)
	if n := p.aws.Counts().Errors["ExpiredToken"]; n > 0 {
		troubles = append(troubles, fmt.Sprintf("%d calls were signed with an expired set", n))
	}
	return troubles
}

// cases begin in this order; those that take longest go first.
var cases = []testCase{
	{name: "an outage of a third of a life, which begins at half of it", short: true, lifetime: 24 * time.Second, play: func(p *place, cs []client) []string {
		found := inject(p, awstest.Fault{Kind: awstest.KindHTTP, Role: roleARN, RemainingMinMs: ms(4 * time.Second), RemainingMaxMs: ms(12 * time.Second)})
		return append(append(found, all(p, cs, p.endpointFile("app"), 26*time.Second, good)...), sets(p, 2)...)
	}},
	{name: "run: other keys in the environment, in [default] and in ~/.boto", short: true, no: true, play: outranked},
	{name: "the token is in a variable", short: true, play: func(p *place, cs []client) []string {
		return all(p, cs, p.endpoint("app", p.token("app")), 0, good)
	}},
	{name: "the token is in a file", short: true, play: func(p *place, cs []client) []string {
		return all(p, cs, p.endpointFile("app"), 0, good)
	}},
	{name: "a wrong token", short: true, play: func(p *place, cs []client) []string {
		return all(p, cs, p.endpoint("app", strings.Repeat("0", 64)), 0, bad())
	}},
	{name: "another role's token", play: func(p *place, cs []client) []string {
		return all(p, cs, p.endpoint("app", p.token("other")), 0, bad())
	}},
	{name: "several refreshes", short: true, lifetime: 10 * time.Second, play: func(p *place, cs []client) []string {
		return append(all(p, cs, p.endpointFile("app"), 16*time.Second, good), sets(p, 3)...)
	}},
	{name: "an outage that outlives the set: errors, and never an expired set", lifetime: 8 * time.Second, play: outlives},
	{name: "after such an outage: no call fails from the first good one on", lifetime: 10 * time.Second, play: recovers},
	// The refresh begins at half of the life, and ends 10 s before the end.
	{name: "a source that takes 10 s", lifetime: 40 * time.Second, play: func(p *place, cs []client) []string {
		if found := all(p, cs, p.endpointFile("app"), 0, good); found != nil {
			return found
		}
		found := inject(p, awstest.Fault{Kind: awstest.KindLatency, Role: roleARN, LatencyMs: 10_000, Count: 1})
		found = append(found, all(p, cs, p.endpointFile("app"), 32*time.Second, quick(5*time.Second))...)
		return append(found, sets(p, 2)...)
	}},
	{name: "a source that is throttled", lifetime: 30 * time.Second, play: func(p *place, cs []client) []string {
		found := inject(p, awstest.Fault{Kind: awstest.KindThrottling, Role: roleARN, RemainingMinMs: ms(12 * time.Second), RemainingMaxMs: ms(15 * time.Second)})
		return append(append(found, all(p, cs, p.endpointFile("app"), 32*time.Second, good)...), sets(p, 2)...)
	}},
	{name: "nothing is held, and the source is down", short: true, no: true, play: func(p *place, cs []client) []string {
		found := inject(p, awstest.Fault{Kind: awstest.KindHTTP, Role: roleARN})
		if err := p.serve(); err != nil {
			return []string{err.Error()}
		}
		return append(found, all(p, cs, p.endpointFile("app"), 0, bad("503", "ServiceUnavailable", "NotReady", "Unavailable", "credentials"))...)
	}},
	// The SDKs for JavaScript and Java show no cause, whatever it was, and Rust's the status.
	{name: "the role denies: AWS's code reaches clients that show it", short: true, no: true, play: func(p *place, cs []client) []string {
		found := inject(p, awstest.Fault{Kind: awstest.KindAccessDenied, Role: roleARN})
		if err := p.serve(); err != nil {
			return []string{err.Error()}
		}
		return append(found, all(p, cs, p.endpointFile("app"), 0, bad("AccessDenied", "denied the role", "CredentialsProviderError", "Failed to load credentials from metadata service", "StatusCode(503)"))...)
	}},
	{name: "the token is replaced while clients run", lifetime: 10 * time.Second, play: replaced},
	{name: "restarts under load", lifetime: 10 * time.Second, play: restarted},
	{name: "IMDSv2", short: true, flags: []string{"--imds", "app"}, play: func(p *place, cs []client) []string {
		endpoint := "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://" + p.listener.Addr().String()
		return append(all(p, cs, p.base(endpoint), 0, good), all(p, cs, p.base(endpoint+"/"), 0, good)...)
	}},
}
