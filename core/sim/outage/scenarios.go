package main

import (
	"math/rand/v2"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/core/sim/world"
)

// contender is one library in its default settings, but for the policy.
type contender struct {
	name string
	note string
	make func(h *host, seed uint64) library
}

var contenders = []contender{
	{"evercreds, classic", "the default", func(h *host, seed uint64) library { return newEvercreds(h, core.Classic, seed) }},
	{"evercreds, adaptive", "`policy=\"adaptive\"`", func(h *host, seed uint64) library { return newEvercreds(h, core.Adaptive, seed) }},
	{"AWS's rules of 2026", "as `policy=\"aws2026\"`", func(h *host, seed uint64) library { return newEvercreds(h, core.AWS2026, seed) }},
	{"botocore", "`RefreshableCredentials`", func(h *host, _ uint64) library { return &botocore{host: h} }},
	{"AWS SDK for Go v2", "`aws.CredentialsCache`", func(h *host, _ uint64) library { return &cached{host: h, within: goWindow} }},
	{"AWS SDK for JS v3", "`memoizeIdentityProvider`", func(h *host, _ uint64) library { return &cached{host: h, within: jsWindow} }},
}

// scenario is one outage, and who lives through it.
type scenario struct {
	name, what string
	sessions   int
	callers    int   // of each session
	pause      int64 // of a caller between requests
	length     int64
	service    service
	host       host
}

// within makes a condition of true time.
func within(from, to int64) func(int64) bool {
	return func(now int64) bool { return now >= from && now < to }
}

var scenarios = []scenario{
	{
		name:     "STS is down for 20 minutes, around the expiry",
		what:     "Sets live an hour. STS does not answer from 10 minutes before the first set's expiry to 10 minutes after it.",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, down: within(50*minute, 70*minute)},
	},
	{
		name:     "STS is down for 20 minutes, before the expiry",
		what:     "The same outage, over when the first set expires: who refreshes early meets it, who refreshes late does not.",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, down: within(40*minute, 60*minute)},
	},
	{
		name:     "10,000 roles and a throttled STS",
		what:     "10,000 sessions with a role each start within a minute, and come back together when their sets end. From the tenth minute on STS takes 50 calls in a second and throttles all others.",
		sessions: 10_000, callers: 1, pause: 30 * second, length: 130 * minute,
		service: service{lifetime: hour, perS: 50, perSFrom: 10 * minute},
	},
	{
		name:     "Credentials that live 15 minutes",
		what:     "The least that STS gives. STS does not answer from 2 minutes after the first set came to 9 minutes after it.",
		sessions: 1, callers: 20, pause: second, length: hour,
		service: service{lifetime: 15 * minute, down: within(2*minute, 9*minute)},
	},
	{
		name:     "A clock that is 20 minutes behind",
		what:     "The host's clock is 20 minutes behind the service's. (The SDKs sign with a corrected time, so that it is only the expiry that is misread.)",
		sessions: 1, callers: 20, pause: second, length: 3 * hour,
		service: service{lifetime: hour},
		host:    host{wallError: func(int64) int64 { return -20 * minute }},
	},
	{
		name:     "A laptop that sleeps",
		what:     "The host sleeps from 20 to 53 minutes after the first set came, while its monotonic clock stands still. Its network is back 40 seconds after it wakes, for STS; the set has 7 minutes left.",
		sessions: 1, callers: 20, pause: second, length: 90 * minute,
		service: service{lifetime: hour, down: within(53*minute, 53*minute+40*second)},
		host:    host{sleepsFrom: 20 * minute, wakes: 53 * minute},
	},
	{
		name:     "A revoked set",
		what:     "20 minutes after the first set came, the services reject all that was issued before (`ExpiredToken`).",
		sessions: 1, callers: 20, pause: second, length: 2 * hour,
		service: service{lifetime: hour, revokeAt: 20 * minute},
	},
}

// startWithin is over how long sessions and callers come to life.
const startWithin = minute

// run has one library live through a scenario. Equal seeds make equal runs.
func (s scenario) run(c contender) tally {
	w, t, rng := &world.World{}, &tally{}, rand.New(rand.NewPCG(1, 2))
	sts := s.service
	sts.World, sts.latency, sts.patience = w, 100, second
	for i := range s.sessions {
		h := s.host
		h.service = &sts
		l := c.make(&h, uint64(i+1))
		begin := int64(0)
		if s.sessions > 1 {
			begin = rng.Int64N(startWithin)
		}
		for range s.callers {
			w.At(begin+rng.Int64N(second), func() { s.call(&h, l, t, rng) })
		}
	}
	w.Run(s.length)
	t.calls, t.peak = sts.calls, sts.peak
	return *t
}

// call is the life of one caller.
func (s scenario) call(h *host, l library, t *tally, rng *rand.Rand) {
	if h.asleep() {
		h.At(h.wakes+rng.Int64N(second), func() { s.call(h, l, t, rng) })
		return
	}
	t.request(h, l, func() {
		h.After(s.pause*3/4+rng.Int64N(s.pause/2), func() { s.call(h, l, t, rng) })
	})
}
