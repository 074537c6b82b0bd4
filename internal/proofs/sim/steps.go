package sim

import "github.com/evercreds/evercreds/core"

// step lets one thing happen.
func (r *Room) step() {
	switch n := r.choose.Choose(100); {
	case n < 35:
		r.ask()
	case n < 60:
		r.passTime()
	case n < 78:
		r.report()
	default:
		r.rarer(n - 78)
	}
	r.serveWaiters()
}

// rare is what happens now and then, so many times in a hundred.
var rare = []struct {
	kind  kind
	times int
	do    func(*Room)
}{
	{spareWakes, 4, (*Room).spareWake},
	{rejections, 4, (*Room).invalidate},
	{forced, 3, (*Room).force},
	{leavers, 2, (*Room).leave},
	{strangers, 2, (*Room).unknownTicket},
	{prompts, 2, (*Room).prompted},
	{snapshots, 2, (*Room).takeSnapshot},
	{restores, 1, (*Room).restore},
	{wallSteps, 1, (*Room).stepWall},
	{outages, 1, (*Room).outage},
}

// rarer lets the rare thing happen that n falls on, if this history has it. In a
// healthy room nothing but spare wakes does.
func (r *Room) rarer(n int) {
	for _, each := range rare {
		if n -= each.times; n < 0 {
			if r.has(each.kind) && (r.mode != healthy || each.kind == spareWakes) {
				each.do(r)
			}
			return
		}
	}
}

func (r *Room) spareWake() {
	r.event("wake")
	r.do("wake", 0, func(s *core.Session) core.Decision { return s.Wake(r.now()) })
}

// ask is a caller without a lease, and what it needs.
func (r *Room) ask() {
	need := core.Need{}
	if r.mode != healthy && r.sometimes(needs, 6) {
		need.MinTTL = upTo(r.choose, r.life*5/4)
	}
	if r.mode != healthy && r.sometimes(reports, 8) {
		r.refuse(&need)
	}
	if r.has(patient) && oneIn(r.choose, 2) {
		need.Until = r.elapsed + pick(r.choose, second, 30*second, hour)
	}
	r.asks(need, r.elapsed)
}

// asks is a caller who came first at an instant.
func (r *Room) asks(need core.Need, since int64) {
	before := *r.session
	r.asking(need)
	known := r.names(need)
	r.weakly = known && need.Evidence == core.EvidenceWeak
	d := r.do("ask", need.MinTTL, func(s *core.Session) core.Decision { return s.Ask(r.now(), need) })
	r.reported(d, need, known, &before)
	w := waiter{ticket: d.Ticket, need: need, deadline: d.Deadline, since: since}
	r.patience(&w, d, true)
	switch d.Kind {
	case core.Wait, core.Refresh, core.RefreshInline:
		if w.inline = d.Kind == core.RefreshInline; !w.inline && d.Ticket != 0 {
			r.attempts[d.Ticket].required = true
			r.attempts[d.Ticket].reporter = r.attempts[d.Ticket].reporter || known && !r.held().rejected
		}
		r.waiters = append(r.waiters, w)
	case core.Error:
		if !known || d.Code != core.CodeRejected {
			r.heldOff(d)
		}
		r.tell(need, d)
	case core.None:
		r.fail(7, "a caller got no answer")
	default:
		r.tell(need, d)
	}
	r.invariant3(w, d, true)
	r.enough(d, need.MinTTL)
	if !known && d.Notes&core.NoteRejected == 0 {
		r.inVain(d, &before, need.MinTTL)
	}
	r.other(d, need)
	r.served(d, &before)
}

// tell reports what a caller got.
func (r *Room) tell(n core.Need, d core.Decision) {
	if r.told != nil && r.err == nil {
		r.told(n, d)
	}
}

// heldOff keeps what an answer said about the time until the next attempt.
func (r *Room) heldOff(d core.Decision) {
	if d.Code == core.CodeMinTTL || d.Code == core.CodeClosed {
		return // for this caller only
	}
	r.notBefore = max(r.notBefore, d.RetryAt)
	if d.RetryAt-r.elapsed > 16*minute {
		r.fail(8, "no attempt for %d ms", d.RetryAt-r.elapsed)
	}
}

func (r *Room) force() {
	r.event("force")
	d := r.do("force", 0, func(s *core.Session) core.Decision { return s.Force(r.now()) })
	switch d.Kind {
	case core.Refresh, core.Wait:
		a := r.attempts[d.Ticket]
		a.required, a.forced = true, true
		r.waiters = append(r.waiters, waiter{ticket: d.Ticket, deadline: d.Deadline, forced: true})
	case core.Error:
	default:
		r.fail(7, "Force answered with kind %d", d.Kind)
	}
}

func (r *Room) invalidate() {
	named := uint64(upTo(r.choose, int64(r.prints)))
	if h := r.held(); h != nil && !oneIn(r.choose, 4) {
		named = h.fingerprint
	}
	r.reject(named)
}

func (r *Room) reject(named uint64) {
	r.event("invalidate fp=%d", named)
	d := r.do("invalidate", int64(named), func(s *core.Session) core.Decision { return s.Invalidate(named, r.now()) })
	if rejected := d.Notes&core.NoteRejected != 0; rejected && (r.held() == nil || r.held().fingerprint != named) {
		r.fail(0, "a set that is not held was rejected")
	}
}

func (r *Room) unknownTicket() {
	ticket := upTo(r.choose, 1<<50) + 1
	for t, a := range r.attempts {
		if !r.isRunning(a) && t < ticket {
			ticket = min(ticket, t) // the least such: maps have no order
		}
	}
	r.invariant5(ticket)
}

func (r *Room) isRunning(a *attempt) bool {
	for _, b := range r.running {
		if a == b {
			return true
		}
	}
	return false
}

func (r *Room) prompted() {
	for _, a := range r.running {
		if a.ticket == r.status(core.StatusFlight) {
			r.event("prompted %s", r.named(a.ticket))
			d := r.do("prompted", a.ticket, func(s *core.Session) core.Decision { return s.Prompted(a.ticket, r.now()) })
			if d.Cancelled != a.ticket {
				a.start, a.truth, a.deadline = r.now(), r.truth, d.NextWake
			}
			return
		}
	}
}
