package main

import (
	"math/rand/v2"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/proofs/world"
)

// contender is one library in its default settings, but for what its note says.
type contender struct {
	name string
	note string
	make func(h *host, seed uint64) library
}

// The first rows are evercreds in its default settings; from peers on they are others.
const (
	ours  = 3
	peers = 5
)

var contenders = []contender{
	{"evercreds, Go", "the default; 3 tries, or one if nobody waits", func(h *host, seed uint64) library { return newEvercreds(h, inGo, seed) }},
	{"evercreds, Python", "the default; 2 tries of at most 20 s", func(h *host, seed uint64) library { return newEvercreds(h, inPython, seed) }},
	{"evercreds, Node", "the default; 3 tries", func(h *host, seed uint64) library { return newEvercreds(h, inNode, seed) }},
	{"evercreds, adaptive", "`policy=\"adaptive\"`, in Go", func(h *host, seed uint64) library {
		return newEvercreds(h, inGo, seed, setting{core.OptPolicy, float64(core.Adaptive)})
	}},
	{"evercreds, strict", "`stability=\"strict\", max_wait=0`, in Go: the predecessor's promise to the letter", func(h *host, seed uint64) library {
		return newEvercreds(h, inGo, seed, setting{core.OptStability, float64(core.Strict)}, setting{core.OptMaxWait, 0})
	}},
	{"AWS's rules of 2026", "as `policy=\"aws2026\"`, in Go", func(h *host, seed uint64) library {
		return newEvercreds(h, inGo, seed, setting{core.OptPolicy, float64(core.AWS2026)})
	}},
	{"botocore", "`RefreshableCredentials`, which boto3-refresh-session 10.0.7 uses as it is", newBotocore},
	{"AWS SDK for Go v2", "`aws.CredentialsCache`", func(h *host, seed uint64) library { return newCached(h, goWindow, seed) }},
	{"AWS SDK for JS v3", "`memoizeIdentityProvider`", func(h *host, seed uint64) library { return newCached(h, jsWindow, seed) }},
}

// scenario is one outage, and who lives through it.
type scenario struct {
	name, what string
	sessions   int
	callers    int   // of each session
	sick       int   // callers beside them, of an endpoint that refuses every set
	pause      int64 // of a caller between requests
	length     int64
	service    service
	host       host
}

// startWithin is over how long sessions and callers come to life.
const startWithin = minute

// run has one library live through a scenario. Equal seeds make equal runs.
func (s scenario) run(c contender) tally {
	w, t, rng := &world.World{}, &tally{}, rand.New(rand.NewPCG(1, 2))
	sts := s.service
	sts.World, sts.latency = w, 100
	if sts.patience == 0 {
		sts.patience = second
	}
	for i := range s.sessions {
		h := s.host
		h.service = &sts
		l := c.make(&h, uint64(i+1))
		begin := int64(0)
		if s.sessions > 1 {
			begin = rng.Int64N(startWithin)
		}
		for n := range s.callers + s.sick {
			w.At(begin+rng.Int64N(second), func() { s.call(&h, l, t, n >= s.callers, rng) })
		}
	}
	w.Run(s.length)
	t.calls, t.peak = sts.calls, sts.peak
	return *t
}

// call is the life of one caller.
func (s scenario) call(h *host, l library, t *tally, sick bool, rng *rand.Rand) {
	if h.asleep() {
		h.At(h.wakes+rng.Int64N(second), func() { s.call(h, l, t, sick, rng) })
		return
	}
	t.request(h, l, sick, func() {
		h.After(s.pause*3/4+rng.Int64N(s.pause/2), func() { s.call(h, l, t, sick, rng) })
	})
}
