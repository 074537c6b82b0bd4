package sim

import "github.com/evercreds/evercreds/core"

// patience checks what a caller is told of waiting, and keeps what it passes on in
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
	return r.attended || d.Class == core.Permanent || d.Code == core.CodeMinTTL || d.Code == core.CodeRejected && r.names(n)
}
