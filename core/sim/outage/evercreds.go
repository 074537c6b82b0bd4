package main

import "github.com/evercreds/evercreds/core"

// evercreds is a session of the core, with the part of its hosts that matters here:
// leases, waiters and flights.
type evercreds struct {
	*host
	machine *core.Session
	sets    map[int64]set // by ticket
	waiting map[int64][]func()
	lease   core.Decision // of Kind None where there is none
}

func newEvercreds(h *host, policy core.Policy, seed uint64) *evercreds {
	e := &evercreds{host: h, machine: core.New(), sets: map[int64]set{}, waiting: map[int64][]func(){}}
	for _, option := range []struct {
		option core.Option
		value  float64
	}{{core.OptMethod, float64(core.MethodSTS)}, {core.OptPolicy, float64(policy)}} {
		if err := e.machine.Set(option.option, option.value); err != nil {
			panic(err) // a mistake of this program's
		}
	}
	d, err := e.machine.Open(e.clocks(), seed)
	if err != nil {
		panic(err)
	}
	e.apply(d)
	return e
}

func (e *evercreds) clocks() core.Now { return core.Now{Wall: e.wall(), Elapsed: e.elapsed()} }

func (e *evercreds) ask(got func(set, bool)) {
	now := e.clocks()
	if e.lease.Kind != core.None && now.Elapsed < e.lease.LeaseElapsed && now.Wall < e.lease.LeaseWall {
		got(e.sets[e.lease.Set], true)
		return
	}
	e.follow(e.machine.Ask(now, core.Need{}), got)
}

// follow does what a decision tells its caller.
func (e *evercreds) follow(d core.Decision, got func(set, bool)) {
	e.apply(d)
	switch d.Kind {
	case core.Serve, core.ServeAndRefresh:
		got(e.sets[d.Set], true)
	case core.Error:
		got(set{}, false)
	default:
		answered := false
		answer := func() {
			if !answered {
				answered = true
				e.follow(e.machine.Answer(d.Ticket, e.clocks(), core.Need{}, false), got)
			}
		}
		e.waiting[d.Ticket] = append(e.waiting[d.Ticket], answer)
		if d.Deadline != core.Never {
			e.After(max(1, d.Deadline-e.elapsed()), answer)
		}
	}
}

// apply does what a decision asks of its host.
func (e *evercreds) apply(d core.Decision) {
	if d.Epoch != e.lease.Epoch || d.Settled != 0 {
		e.lease = core.Decision{Epoch: d.Epoch}
	}
	switch d.Kind {
	case core.Serve, core.ServeAndRefresh, core.RefreshInline:
		e.lease = d
	}
	if d.Started != 0 {
		e.fly(d.Started, d.StartCause)
	}
	waiting := e.waiting[d.Settled]
	delete(e.waiting, d.Settled)
	for _, wake := range waiting {
		e.After(0, wake)
	}
}

// fly runs one attempt: an SDK's whole call where somebody waits, else one call,
// which the machine makes again at its own pace.
func (e *evercreds) fly(ticket int64, cause core.Cause) {
	most := 3
	if cause == core.CauseAdvisory || cause == core.CauseIdle || cause == core.CauseDegraded {
		most = 1
	}
	e.attempts(most, func(c set, why failure) {
		if why != 0 {
			e.apply(e.machine.Fail(ticket, e.clocks(), why.class(), core.CodeSource, 0))
			return
		}
		e.sets[ticket] = c
		e.apply(e.machine.Complete(ticket, e.clocks(), core.Facts{
			Expiry: epoch + c.expiry, Fingerprint: uint64(c.id), ServerTime: epoch + e.Now,
		}))
	})
}

// rejected is what the hooks in clients do: the set is given up, and the call made
// once more.
func (e *evercreds) rejected(c set) bool {
	e.apply(e.machine.Invalidate(uint64(c.id), e.clocks()))
	return true
}
