package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
)

// The timeline of every cell, counted from its first set. The windows are whole
// seconds that fit a set of 20 s; the defaults of all policies are too long.
const (
	lifetime = 20 * time.Second
	advisory = 14 * time.Second
	// mandatory is the timeout and 4 s for the first caller to come. Who comes so
	// late that the set ends before the time is out can only be given the error.
	mandatory  = 8 * time.Second
	timeout    = 4 * time.Second // of a refresh
	faultFrom  = 3 * time.Second
	faultUntil = 30 * time.Second
	// offsetUntil leaves time for the last set of the row clock_offset to end.
	offsetUntil = 18 * time.Second
	revokedAt   = 4 * time.Second
	length      = 45 * time.Second
	// tolerance is how far a call of a loaded machine may be from its instant
	// in virtual time.
	tolerance = 2500 * time.Millisecond
)

// revoke is the row in which the source is sound, and a service rejects the set.
const revoke awstest.Kind = "revoke"

const offset = awstest.KindClockOffset

// reply is what a source in virtual time makes of a fault.
type reply struct {
	class core.Class // of the failure; ClassNone: a set
	late  time.Duration
	hangs bool
	fixed bool          // the newest set again
	shift time.Duration // of the server's clock
	past  bool          // the set has ended
}

type row struct {
	fault awstest.Fault
	reply reply
}

// until is when the fault ends. What a clock that went back does shows only when
// the last set from before that has ended.
func (r row) until() time.Duration {
	if r.fault.Kind == offset {
		return offsetUntil
	}
	return faultUntil
}

// rows are all kinds of faults, and the rejection.
var rows = []row{
	{awstest.Fault{Kind: awstest.KindLatency, LatencyMs: 1000}, reply{late: time.Second}},
	{awstest.Fault{Kind: awstest.KindHTTP}, reply{class: core.Recoverable}},
	{awstest.Fault{Kind: awstest.KindThrottling}, reply{class: core.Throttled}},
	{awstest.Fault{Kind: awstest.KindAccessDenied}, reply{class: core.Permanent}},
	{awstest.Fault{Kind: awstest.KindError, Code: "RegionDisabledException", Status: 403}, reply{class: core.Permanent}},
	{awstest.Fault{Kind: awstest.KindReset}, reply{class: core.Recoverable}},
	{awstest.Fault{Kind: awstest.KindHang}, reply{hangs: true}},
	{awstest.Fault{Kind: awstest.KindTruncated}, reply{class: core.Recoverable}},
	{awstest.Fault{Kind: awstest.KindMissingField}, reply{class: core.Recoverable}},
	{awstest.Fault{Kind: awstest.KindBadExpiration}, reply{class: core.Recoverable}},
	{awstest.Fault{Kind: awstest.KindExpired}, reply{past: true}},
	// Below the skew of 5 minutes that signatures are allowed.
	{awstest.Fault{Kind: offset, OffsetMs: 120_000}, reply{shift: 2 * time.Minute}},
	{awstest.Fault{Kind: awstest.KindFixed}, reply{fixed: true}},
	{awstest.Fault{Kind: revoke}, reply{}},
}

var policies = []string{"classic", "adaptive", "aws2026"}

// cell is one session of one language.
type cell struct {
	row      row
	policy   int // index of policies, and the core's number
	deferred bool
	copy     int // sessions of the same cell beside each other: 0, 1, ...
}

// name is what -only matches.
func (c cell) name(language string) string {
	return fmt.Sprintf("%s %s %s %s", language, c.row.fault.Kind, policies[c.policy], c.opening())
}

func (c cell) role(language string) string {
	name := strings.ReplaceAll(c.name(language), " ", "-")
	return fmt.Sprintf("arn:aws:iam::123456789012:role/faults-%s-%d", name, c.copy)
}

func (c cell) opening() string {
	if c.deferred {
		return "deferred"
	}
	return "eager"
}

func cells() (all []cell) {
	for _, r := range rows {
		for p := range policies {
			all = append(all, cell{row: r, policy: p, deferred: true}, cell{row: r, policy: p})
		}
	}
	return all
}
