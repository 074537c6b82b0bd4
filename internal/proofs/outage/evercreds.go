package main

import "github.com/evercreds/evercreds/core"

// evercreds is a session of the core, with the part of its hosts that matters here:
// leases, waiters, flights, and what a client does with a refused call.
type evercreds struct {
	*host
	frontEnd
	machine *core.Session
	sts     *retrier
	sets    map[int64]set // by ticket
	waiting map[int64][]func()
	bell    []func()      // of those who wait for no flight
	lease   core.Decision // of Kind None where there is none
}

// frontEnd is how a language's session calls STS.
type frontEnd struct {
	tries, unawaited int   // of an attempt; of one that nobody waits for
	timeout          int64 // of a try
}

// As in internal/sources/sts.go, _sources/sts.py and sts.ts. Where a try has no time-out of its
// own, the attempt's ends it.
var (
	inGo     = frontEnd{tries: 3, unawaited: 1, timeout: attemptTimeout}
	inPython = frontEnd{tries: 2, unawaited: 2, timeout: 20 * second}
	inNode   = frontEnd{tries: 3, unawaited: 3, timeout: attemptTimeout}
)

const attemptTimeout = minute

// setting is an option of a session.
type setting struct {
	option core.Option
	value  float64
}

func newEvercreds(h *host, f frontEnd, seed uint64, settings ...setting) library {
	e := &evercreds{host: h, frontEnd: f, machine: core.New(), sts: newRetrier(f.tries, f.timeout, seed),
		sets: map[int64]set{}, waiting: map[int64][]func(){}}
	for _, s := range append(settings, setting{core.OptMethod, float64(core.MethodSTS)}) {
		if err := e.machine.Set(s.option, s.value); err != nil {
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
	e.asks(core.Need{Until: core.Never}, got)
}

// refused asks for another set than the one that a service did not take.
func (e *evercreds) refused(c set, got func(set, bool)) bool {
	e.asks(core.Need{Other: uint64(c.id), Evidence: core.EvidenceStrong, Until: core.Never}, got)
	return true
}

func (e *evercreds) asks(need core.Need, got func(set, bool)) {
	e.follow(e.machine.Ask(e.clocks(), need), need, got)
}

// follow does what a decision tells its caller.
func (e *evercreds) follow(d core.Decision, need core.Need, got func(set, bool)) {
	e.apply(d)
	need.Until = d.Until
	switch {
	case d.Kind == core.Serve || d.Kind == core.ServeAndRefresh:
		got(e.sets[d.Set], true)
	case d.Kind == core.Error:
		got(set{}, false)
	case d.Ticket == 0: // no flight to wait for: until its time, or until something is new
		again := once(func() { e.asks(need, got) })
		e.bell = append(e.bell, again)
		e.at(d.Deadline, again)
	default:
		answer := once(func() {
			e.follow(e.machine.Answer(d.Ticket, e.clocks(), need, false), need, got)
		})
		e.waiting[d.Ticket] = append(e.waiting[d.Ticket], answer)
		e.at(d.Deadline, answer)
	}
}

// at has something done at an instant of the elapsed clock.
func (e *evercreds) at(deadline int64, do func()) {
	if deadline != core.Never {
		e.After(max(1, deadline-e.elapsed()), do)
	}
}

func once(do func()) func() {
	done := false
	return func() {
		if !done {
			done = true
			do()
		}
	}
}

// apply does what a decision asks of its host.
func (e *evercreds) apply(d core.Decision) {
	isNew := d.Epoch != e.lease.Epoch
	if isNew || d.Settled != 0 {
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
	if isNew {
		waiting = append(waiting, e.bell...)
		e.bell = nil
	}
	for _, wake := range waiting {
		e.After(0, wake)
	}
}

// fly runs one attempt.
func (e *evercreds) fly(ticket int64, cause core.Cause) {
	most := e.tries
	if cause == core.CauseAdvisory || cause == core.CauseIdle || cause == core.CauseDegraded {
		most = e.unawaited
	}
	told := false
	report := func(c set, why failure) {
		if told {
			return
		}
		told = true
		if why != 0 {
			e.apply(e.machine.Fail(ticket, e.clocks(), why.class(), core.CodeSource, 0))
			return
		}
		e.sets[ticket] = c
		e.apply(e.machine.Complete(ticket, e.clocks(), core.Facts{
			Expiry: epoch + c.expiry, Fingerprint: uint64(c.id), ServerTime: epoch + e.Now,
		}))
	}
	e.sts.call(e.service, most, report)
	e.After(attemptTimeout, func() { report(set{}, unreachable) })
}
