package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// source is one source of credentials, and how a session of it is kept fresh.
type source struct {
	workers.Source
	lifetime time.Duration
	sound    bool // no fault ever takes it
}

// load is how much a worker does. Two cores are enough for one language.
type load struct {
	Callers   int   // of each session that lasts
	PauseMs   int64 // between two calls of a caller, half to one and a half of it
	PassingMs int64 // between two sessions that pass
	RevokeMs  int64 // between two sets of lasting sessions that are rejected, one of each
	ForkMs    int64 // between two forked children, in Python
	// WarmUp is for how many refreshes the heap of a core that is loaded grows
	// until it is collected for the first time.
	WarmUp int
}

var loads = map[string]load{
	"go":     {Callers: 4, PauseMs: 250, PassingMs: 100, RevokeMs: 1000},
	"python": {Callers: 1, PauseMs: 500, PassingMs: 800, RevokeMs: 1000, ForkMs: 2000, WarmUp: 6000},
	"node":   {Callers: 2, PauseMs: 400, PassingMs: 300, RevokeMs: 1000, WarmUp: 20_000},
}

// kinds of the sessions, one after the other.
var kinds = []string{"sts", "custom", "sts", "iot"}

// manners are the ways in which sessions are kept fresh. Sets live for seconds, and
// are replaced after one or two of them. The mandatory window is what a machine
// under load may take from a set's use to the service: it would reject sets that
// are used in the moment of their expiry, and the core takes repeated rejections of
// young sets for another fault, which it answers by spacing.
var manners = []source{
	{workers.Source{Policy: "classic", Advisory: 3, Mandatory: 2}, 4 * time.Second, false},
	{workers.Source{Policy: "adaptive", Eager: true, Advisory: 4, Mandatory: 2}, 6 * time.Second, false},
	{workers.Source{Policy: "classic", Inline: true, Advisory: 3, Mandatory: 2}, 4 * time.Second, false},
	{workers.Source{Policy: "classic", Eager: true, Advisory: 4, Mandatory: 2}, 5 * time.Second, false},
	{workers.Source{Policy: "adaptive", Advisory: 2, Mandatory: 2}, 4 * time.Second, false},
}

const (
	lasting = 36
	passing = 8
	// refreshTimeout is above the longest latency, and far below a hang.
	refreshTimeout = 5
)

// plan makes the sources of one language. Every third that lasts, and all that
// pass, are sound.
func plan(language string) (last, pass []source) {
	for i := range lasting + passing {
		s := manners[i%len(manners)]
		s.Kind, s.Timeout, s.SessionName = kinds[i%len(kinds)], refreshTimeout, "soak"
		s.Name = fmt.Sprintf("soak-%s-%d", language, i)
		if s.Kind != "iot" {
			s.Name = "arn:aws:iam::" + awstest.DefaultAccountID + ":role/" + s.Name
		}
		if s.sound = i >= lasting || i%3 == 0; i < lasting {
			last = append(last, s)
		} else {
			pass = append(pass, s)
		}
	}
	return last, pass
}

// standIn starts a stand-in with the lifetimes and aliases of the sources.
func standIn(sources []source) (*awstest.Server, error) {
	cfg := awstest.Config{Lifetimes: map[string]time.Duration{}, Aliases: map[string]string{}}
	for _, s := range sources {
		cfg.Lifetimes[s.Name] = s.lifetime
		if s.Kind == "iot" {
			cfg.Aliases[s.Name] = "arn:aws:iam::" + awstest.DefaultAccountID + ":role/" + s.Name
		}
	}
	return awstest.Start(cfg)
}

// round is how long the faults that are drawn together may last. After it they
// are cleared, as the stand-in looks through all that it was given at each call.
const round = 8 * time.Second

// outage is a fault of one source, in milliseconds of the round.
type outage struct {
	source source
	fault  awstest.Fault
}

// outages draws the faults of one round.
func outages(r *rand.Rand, sources []source) (drawn []outage) {
	menu := []awstest.Fault{
		{Kind: awstest.KindLatency, LatencyMs: 200 + r.Int64N(1800)},
		{Kind: awstest.KindHTTP, Status: 500},
		{Kind: awstest.KindThrottling},
		{Kind: awstest.KindHang},
		{Kind: awstest.KindReset},
		{Kind: awstest.KindTruncated},
		{Kind: awstest.KindAccessDenied},
		{Kind: awstest.KindMissingField},
		{Kind: awstest.KindExpired},
	}
	for _, s := range sources {
		if s.sound || r.IntN(3) > 0 {
			continue
		}
		f := menu[r.IntN(len(menu))]
		if s.Policy == "adaptive" {
			f = menu[0] // it serves a set until its expiry once a refresh has failed
		}
		f.FromMs = r.Int64N(5000)
		f.UntilMs = f.FromMs + 500 + r.Int64N(round.Milliseconds()-f.FromMs-500)
		if s.Kind == "iot" {
			f.Alias = s.Name
		} else {
			f.Role = s.Name
		}
		drawn = append(drawn, outage{s, f})
	}
	return drawn
}
