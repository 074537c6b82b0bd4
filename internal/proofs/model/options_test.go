package model_test

import (
	"math/rand/v2"

	"github.com/evercreds/evercreds/core"
)

// options are the settings of a session with the presets filled in.
type options struct {
	policy    core.Policy
	method    core.Method
	advisory  int64 // ms
	mandatory int64 // ms
	auto      bool
	hasA      bool
	hasM      bool
	stability core.Stability
	inline    bool
	jitter    bool
	maxStale  int64 // ms; Never: no cap
	eager     bool
	attended  bool
	timeout   int64 // ms
	maxWait   int64 // ms

	sharing   core.Sharing
	turn      int64 // ms
	wait      int64 // ms
	call      int64 // ms
	firstCall int64 // ms
	poll      int64 // ms

	given []given
}

type given struct {
	option core.Option
	value  float64
}

func (o *options) give(option core.Option, value float64) {
	o.given = append(o.given, given{option, value})
}

// drawOptions chooses settings, and says of each what the text says of it.
func drawOptions(rng *rand.Rand) options {
	o := options{policy: core.Policy(rng.IntN(3)), method: core.Method(1 + rng.IntN(3)), maxStale: core.Never}
	o.give(core.OptPolicy, float64(o.policy))
	o.give(core.OptMethod, float64(o.method))
	o.stability = [...]core.Stability{core.UntilExpiry, core.UntilExpiry, core.Static}[o.policy]
	o.auto = o.policy != core.Classic
	o.inline = o.policy == core.AWS2026
	o.jitter = o.policy == core.Adaptive
	if o.timeout = minute; o.method == core.MethodCustom {
		o.timeout = 15 * minute
	}
	if rng.IntN(2) == 0 {
		o.stability = core.Stability(rng.IntN(3))
		o.give(core.OptStability, float64(o.stability))
	}
	flag := func(to *bool, option core.Option, inverse bool) {
		if rng.IntN(4) == 0 {
			*to = rng.IntN(2) == 0
			o.give(option, map[bool]float64{true: 1}[*to != inverse])
		}
	}
	flag(&o.inline, core.OptAdvisoryRefresh, false)
	flag(&o.jitter, core.OptJitter, false)
	flag(&o.eager, core.OptDeferRefresh, true)
	flag(&o.attended, core.OptAttended, false)
	if rng.IntN(4) == 0 {
		o.maxStale = []int64{0, 60, 1000}[rng.IntN(3)] * second
		o.give(core.OptMaxStale, float64(o.maxStale/second))
	}
	if rng.IntN(4) == 0 {
		o.timeout = []int64{1, 20, 1800}[rng.IntN(3)] * second
		o.give(core.OptRefreshTimeout, float64(o.timeout/second))
	}
	o.maxWait = [...]int64{30, 30, 0}[o.policy] * second
	if rng.IntN(4) == 0 {
		o.maxWait = []int64{0, 1, 3600}[rng.IntN(3)] * second
		o.give(core.OptMaxWait, float64(o.maxWait/second))
	}
	o.drawWindows(rng)
	o.drawSharing(rng)
	return o
}

func (o *options) drawSharing(rng *rand.Rand) {
	if rng.IntN(4) == 0 {
		return
	}
	// if it is off, what else is given counts for nothing
	o.sharing = [...]core.Sharing{core.Unshared, core.Shared, core.Shared, core.Shared, core.Exclusive}[rng.IntN(5)]
	o.turn, o.wait, o.call, o.poll = 5*second, 10*second, 250, 100
	if o.sharing != core.Unshared || rng.IntN(2) == 0 {
		o.give(core.OptShare, float64(o.sharing))
	}
	draw := func(to *int64, option core.Option, ms ...int64) {
		if rng.IntN(3) == 0 {
			*to = ms[rng.IntN(len(ms))]
			o.give(option, float64(*to)/1000)
		}
	}
	draw(&o.turn, core.OptShareTurn, second, 30*second)
	draw(&o.wait, core.OptShareWait, 0, 2*second, minute)
	draw(&o.call, core.OptShareCall, 25, second, 10*second)
	draw(&o.poll, core.OptSharePoll, 5, 500, 5*second)
	draw(&o.firstCall, core.OptShareFirstCall, 25, 5*second, 30*second)
}

func (o *options) drawWindows(rng *rand.Rand) {
	kind := rng.IntN(8)
	o.hasA, o.hasM = kind < 3, kind == 2 || kind == 3
	o.mandatory = []int64{0, 5, 60, 600, 1800}[rng.IntN(5)] * second
	o.advisory = o.mandatory + []int64{0, 7, 300, 3600}[rng.IntN(4)]*second
	if kind == 4 {
		o.auto = true
		o.give(core.OptAdvisoryAuto, 1)
	}
	presetAuto := o.policy != core.Classic
	if o.hasA {
		o.auto = false
		o.give(core.OptAdvisoryTimeout, float64(o.advisory/second))
	}
	if o.hasM {
		o.give(core.OptMandatoryTimeout, float64(o.mandatory/second))
	} else if o.mandatory = 600 * second; o.auto || presetAuto {
		o.mandatory = 60 * second
	}
	switch { // the other's default is clamped to fit
	case o.hasA:
		o.mandatory = min(o.mandatory, o.advisory)
	case !o.auto:
		o.advisory = max(900*second, o.mandatory)
	}
}

// windows are those of a set with a lifetime, and whether explicit ones shrank.
func (o *options) windows(life int64) (advisory, mandatory int64, shrunk bool) {
	a, m := o.advisory, o.mandatory
	if o.auto {
		switch {
		case life <= 20*minute:
			a = 5 * minute
		case life < 90*minute:
			a = 15 * minute
		default:
			a = 60 * minute
		}
		if o.hasM {
			a = max(a, m)
		}
	}
	m = min(m, a)
	if o.policy == core.AWS2026 {
		return a, m, false
	}
	half, most := life/2, life*9/10
	share := func(of, to int64) int64 { return m * to / of } // M keeping its share
	switch {
	case o.hasA && a <= most || !o.hasA && a <= half:
		return a, m, false
	case o.hasA && o.hasM:
		return most, min(m, most), true
	case o.hasA:
		return most, share(a, most), true
	case o.hasM: // A is a default, and shrinks, but not below M
		return max(half, min(m, most)), min(m, most), m > most
	}
	return half, share(a, half), false
}
