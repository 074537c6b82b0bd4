package sim

import "github.com/evercreds/evercreds/core"

// Run plays one history and returns the first broken promise.
func Run(c Chooser, steps int) error { return run(c, steps, nil) }

func run(c Chooser, steps int, t *recorder) error {
	r := enter(c, t)
	for i := 0; i < steps && r.err == nil && !ended(c); i++ {
		r.step()
	}
	r.recover()
	r.close()
	return r.err
}

// recover checks that no history leads to a stuck machine: once clock and
// source are right again, callers are served, and soon.
func (r *Room) recover() {
	r.wallDrift, r.elapsedDrift, r.downUntil = drift{}, drift{}, 0
	r.setWall(-r.offset)
	until := r.elapsed + hour
	for r.err == nil && r.elapsed < until {
		r.event("ask")
		d := r.do("recover", 0, func(s *core.Session) core.Decision { return s.Ask(r.now(), core.Need{}) })
		h := r.held()
		switch d.Kind {
		case core.Serve:
			if !h.rejected && d.Flags&(core.Expired|core.Degraded) == 0 {
				return
			}
			r.pass(max(1, min(d.LeaseElapsed-r.elapsed, minute)))
		case core.Error:
			r.pass(max(1, d.RetryAt-r.elapsed))
		default:
			r.settleAll()
		}
	}
	r.fail(12, "stuck: nobody is served an hour after everything is right again")
}

// settleAll answers everything that is running with sets better than any before.
func (r *Room) settleAll() {
	for len(r.running) > 0 && r.err == nil {
		a := r.running[0]
		r.running = r.running[1:]
		a.start.Wall = r.now().Wall
		r.complete(a, core.Facts{
			Expiry: r.truth + 48*hour, Fingerprint: r.fingerprint(), ServerTime: r.truth,
		}, false)
	}
}

// close ends the session: all waiters get an answer, and nothing works any more.
func (r *Room) close() {
	if r.err != nil {
		return
	}
	r.event("close")
	r.do("close", 0, func(s *core.Session) core.Decision { return s.Close() })
	for _, w := range r.waiters {
		if d := r.session.Answer(w.ticket, r.now(), w.need, w.forced); d.Code != core.CodeClosed {
			r.fail(7, "after Close a waiter got%s", show(d))
		}
	}
	if d := r.session.Ask(r.now(), core.Need{}); d.Code != core.CodeClosed || d.Started != 0 || d.NextWake != core.Never {
		r.fail(0, "after Close a caller got%s", show(d))
	}
}
