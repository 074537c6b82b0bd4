package main

import (
	"time"

	"github.com/evercreds/evercreds/core"
)

type waiter struct {
	ticket int64
	call   int
}

// virtual is a host of the core, with its callers, in virtual time.
type virtual struct {
	cell    cell
	slow    time.Duration // to fail
	seed    uint64
	until   time.Duration // the fault's end
	s       *core.Session
	origin  time.Duration // when the first set came
	now     time.Duration
	wake    int64
	current *flight
	waiters []waiter
	sets    map[int64]truth // by ticket
	newest  truth
	flights int
	made    []bool // by half seconds: there was a call
	failed  []bool // and it failed
	revoked bool
}

func newVirtual(c cell, seed uint64, slow, until time.Duration) (*virtual, error) {
	v := &virtual{cell: c, slow: slow, seed: seed, until: until, s: core.New(), origin: -1, sets: map[int64]truth{}, wake: core.Never,
		made: make([]bool, length/every), failed: make([]bool, length/every)}
	options := map[core.Option]float64{
		core.OptPolicy: float64(c.policy), core.OptAdvisoryTimeout: advisory.Seconds(),
		core.OptMandatoryTimeout: mandatory.Seconds(), core.OptRefreshTimeout: timeout.Seconds(),
		core.OptDeferRefresh: 0, core.OptMaxWait: 0, // calls show what becomes of each attempt
	}
	if c.deferred {
		options[core.OptDeferRefresh] = 1
	}
	for o, value := range options {
		if err := v.s.Set(o, value); err != nil {
			return nil, err
		}
	}
	d, err := v.s.Open(v.clock(), seed)
	v.effects(d)
	return v, err
}

func (v *virtual) clock() core.Now {
	// Runs start at different parts of a second, as Date has whole ones only.
	part := int64(v.seed * 1000 / seeds)
	return core.Now{Wall: 1_800_000_000_000 + part + v.now.Milliseconds(), Elapsed: 5000 + v.now.Milliseconds()}
}

// run makes calls at the pace of its seed.
func (v *virtual) run() {
	next := time.Duration(0)
	for v.origin < 0 || v.now < v.origin+length {
		if v.wake != core.Never && v.clock().Elapsed >= v.wake {
			v.effects(v.s.Wake(v.clock()))
		}
		if f := v.current; f != nil && v.now >= f.ends {
			v.finish(f)
		}
		v.answer()
		if v.cell.row.fault.Kind == revoke && !v.revoked && v.origin >= 0 && v.now >= v.origin+revokedAt {
			v.revoked = true
			v.newest.until = v.now
			for ticket, set := range v.sets {
				if set.print == v.newest.print {
					v.sets[ticket] = v.newest
				}
			}
		}
		if v.now >= next {
			next += paces[v.seed%uint64(len(paces))]
			v.call()
		}
		v.now += tick
	}
}

func (v *virtual) effects(d core.Decision) {
	v.wake = d.NextWake
	if d.Cancelled != 0 && v.current != nil && v.current.ticket == d.Cancelled {
		v.current = nil // the host ends it, and says so
		v.effects(v.s.Abandon(d.Cancelled, v.clock()))
	}
	if d.Started != 0 {
		v.fly(d.Started)
	}
}

func (v *virtual) call() {
	index := -1
	if v.origin >= 0 {
		index = int((v.now - v.origin) / every)
	}
	v.decide(v.s.Ask(v.clock(), core.Need{}), waiter{call: index})
}

// answer asks for all who wait; those whose flight is not over go on waiting.
func (v *virtual) answer() {
	all := v.waiters
	v.waiters = nil
	for _, w := range all {
		if v.current != nil && v.current.ticket == w.ticket {
			v.waiters = append(v.waiters, w)
			continue
		}
		v.decide(v.s.Answer(w.ticket, v.clock(), core.Need{}, false), w)
	}
}

func (v *virtual) decide(d core.Decision, w waiter) {
	v.effects(d)
	switch d.Kind {
	case core.Serve, core.ServeAndRefresh:
		set := v.sets[d.Set]
		refused := v.now >= set.until // by the service
		v.answered(w, refused)
		if refused { // the client asks for another, and its call goes out again
			other := core.Need{Other: set.print, Evidence: core.EvidenceStrong}
			v.effects(v.s.Ask(v.clock(), other))
		}
	case core.Refresh, core.Wait, core.RefreshInline:
		w.ticket = d.Ticket
		v.waiters = append(v.waiters, w)
	default:
		v.answered(w, true)
	}
}

func (v *virtual) answered(w waiter, failed bool) {
	if w.call >= 0 && w.call < len(v.made) {
		v.made[w.call] = true
		v.failed[w.call] = failed
	}
}
