package sim

import "github.com/evercreds/evercreds/core"

// patience checks how long a caller is to wait, and keeps what it passes on in
// its next call: patience begins once, nobody waits for what comes too late, and
// nobody is told an error that may be over in time.
func (r *Room) patience(w *waiter, d core.Decision, asked bool) {
	if r.err != nil || d.Code == core.CodeClosed {
		return
	}
	had := w.need.Until
	most := min(had, r.elapsed+r.maxWait)
	waits := d.Kind == core.Wait || d.Kind == core.Refresh || d.Kind == core.RefreshInline
	switch {
	case !waits && d.Until != 0, had == 0 && (d.Until != 0 || d.Kind == core.Wait && d.Ticket == 0):
		r.fail(7, "a caller with patience until %d is told to wait until %d", had, d.Until)
	case had == 0:
		return
	case waits && (d.Until != most || asked && d.Until > w.since+r.maxWait && w.since <= r.elapsed):
		r.fail(7, "a caller of %d with patience until %d is told to wait until %d", w.since, had, d.Until)
	}
	if waits {
		w.need.Until = d.Until
	}
	again := max(d.RetryAt, r.elapsed+200)
	switch pauses := d.Kind == core.Wait && d.Ticket == 0; {
	case pauses && (d.Deadline != again || again > most || r.toldAtOnce(w.need, d)):
		r.fail(7, "a caller waits from %d to %d, with patience until %d, over%s", r.elapsed, d.Deadline, most, show(d))
	case pauses:
		r.heldOff(d)
	case d.Kind == core.Error && again <= most && !r.toldAtOnce(w.need, d):
		r.fail(7, "a caller with patience until %d is told%s", most, show(d))
	}
}

// toldAtOnce: an error that no waiting mends, or that a person would be asked for
// again.
func (r *Room) toldAtOnce(n core.Need, d core.Decision) bool {
	return r.attended || d.Class == core.Permanent || d.Code == core.CodeMinTTL || d.Code == core.CodeAbandoned || d.Code == core.CodeRejected && r.names(n)
}

// serveWaiters lets waiters answer that were woken, or whose time is over.
func (r *Room) serveWaiters() {
	for i := 0; i < len(r.waiters) && r.err == nil; {
		w := r.waiters[i]
		if !w.called && r.elapsed < w.deadline {
			i++
			continue
		}
		if w.ticket == 0 {
			r.waiters = append(r.waiters[:i], r.waiters[i+1:]...)
			r.asks(w.need, w.since)
			continue
		}
		if r.waiters[i].called = false; r.answer(&r.waiters[i]) {
			r.waiters = append(r.waiters[:i], r.waiters[i+1:]...)
		} else {
			i++
		}
		if r.last.Settled != 0 {
			i = 0 // others may have been called meanwhile
		}
	}
}

// answer reports whether the waiter has what it waited for.
func (r *Room) answer(w *waiter) bool {
	at := *w
	before := *r.session
	r.answering(at)
	d := r.do("answer", at.ticket, func(s *core.Session) core.Decision {
		return s.Answer(at.ticket, r.now(), at.need, at.forced)
	})
	if r.err != nil {
		return true
	}
	done := r.invariant7(w, d)
	if !at.forced {
		r.patience(w, d, false)
	}
	r.invariant3(at, d, false)
	r.enough(d, at.need.MinTTL)
	r.other(d, at.need)
	r.strictly(d, r.attempts[at.ticket])
	r.served(d, &before)
	if done {
		r.tell(at.need, d)
	}
	return done
}
