package model_test

import (
	"slices"

	"github.com/evercreds/evercreds/core"
)

func (w *world) pick(of ...int64) int64 { return of[w.rng.IntN(len(of))] }

func (w *world) upTo(most int64) int64 { return w.rng.Int64N(max(most, 0) + 1) }

// kinds are the things that can happen, each with how often of a thousand.
var kinds = []struct {
	weight int
	happen func(*world) error
}{
	{300, (*world).ask},
	{220, (*world).passTime},
	{180, (*world).report},
	{40, (*world).wake},
	{120, (*world).answer},
	{40, (*world).leave},
	{40, (*world).force},
	{50, (*world).invalidate},
	{20, (*world).prompted},
	{10, (*world).stepWall},
	{5, (*world).takeSnapshot},
	{5, (*world).restore},
	{1, (*world).close},
	{300, (*world).storeAnswers},
	{20, (*world).storeFails},
	{20, (*world).hint},
}

// drawWeights gives each history a character of its own: some things happen
// often in it, and some never.
func (w *world) drawWeights() {
	for i, k := range kinds {
		of := []int64{0, 1, 1, 5}
		if i < 3 { // nothing goes on without these
			of = of[1:]
		}
		w.weights = append(w.weights, k.weight*int(w.pick(of...)))
		w.total += w.weights[i]
	}
	w.wellness = w.rng.IntN(21)
	w.refusals = int(w.pick(0, 1, 3, 10))
}

// step lets one thing happen.
func (w *world) step() error {
	n := w.rng.IntN(w.total)
	for i, weight := range w.weights {
		if n < weight {
			return kinds[i].happen(w)
		}
		n -= weight
	}
	return nil
}

func (w *world) wake() error {
	return w.tell(w.machine.Wake(w.now), func(see *observed) core.Decision { return w.model.wake(w.now, see) }, "wake")
}

func (w *world) close() error {
	return w.tell(w.machine.Close(), w.model.close, "close")
}

func (w *world) stepWall() error {
	w.now.Wall += w.pick(-second, second, -10*minute, 10*minute)
	return nil
}

// tell has the model predict what the machine has answered.
func (w *world) tell(d core.Decision, predict func(*observed) core.Decision, what string, args ...any) error {
	w.said = append(w.said, line{w.now, what, args, d})
	return w.compare(d, predict)
}

func (w *world) passTime() error {
	span := w.upTo(w.pick(20, second, 10*second, 10*minute, w.life/4, 2*w.life))
	if w.rng.IntN(2) == 0 {
		due := w.pick(w.last.NextWake, w.last.ShareUntil, w.last.LeaseElapsed, w.last.RetryAt, w.last.Deadline,
			w.now.Elapsed+w.machine.Status(core.StatusHoldOff, w.now))
		if due < core.Never {
			span = max(0, due-w.now.Elapsed+w.pick(-1, 0, 0, 1))
		}
	}
	w.now.Wall, w.truth = w.now.Wall+span, w.truth+span
	if w.rng.IntN(20) > 0 { // else asleep, with a clock that stops then
		w.now.Elapsed += span
	}
	return nil
}

// need is mostly that of a caller like all others.
func (w *world) need() core.Need {
	n := core.Need{}
	if w.rng.IntN(6) == 0 {
		n.MinTTL = w.upTo(w.life * 5 / 4)
	}
	if w.rng.IntN(20) < w.refusals {
		n.Other, n.Evidence = fingerprint(uint64(w.upTo(int64(w.prints)))), core.Evidence(1+w.rng.IntN(2))
		if h := w.model.held; h != nil && w.rng.IntN(6) > 0 {
			n.Other = h.fingerprint
		}
	}
	if w.rng.IntN(2) == 0 {
		now := w.now.Elapsed
		n.Until = w.pick(now, now+199, now+w.upTo(2*second), now+30*second, core.Never, w.last.Until)
	}
	return n
}

func (w *world) ask() error {
	n := w.need()
	return w.tell(w.machine.Ask(w.now, n),
		func(see *observed) core.Decision { return w.model.ask(w.now, n, see) }, "ask %+v", n)
}

func (w *world) answer() error {
	if len(w.tickets) == 0 {
		return nil
	}
	ticket := w.tickets[len(w.tickets)-1-w.rng.IntN(min(len(w.tickets), 3))]
	n, forced := w.need(), w.rng.IntN(5) == 0
	return w.tell(w.machine.Answer(ticket, w.now, n, forced),
		func(see *observed) core.Decision { return w.model.answer(ticket, w.now, n, forced, see) },
		"answer %d %+v forced %v", ticket, n, forced)
}

func (w *world) leave() error {
	n := w.need()
	return w.tell(w.machine.Leave(w.now, n),
		func(see *observed) core.Decision { return w.model.leave(w.now, n, see) }, "leave %+v", n)
}

func (w *world) force() error {
	return w.tell(w.machine.Force(w.now), func(see *observed) core.Decision { return w.model.force(w.now, see) }, "force")
}

func (w *world) invalidate() error {
	named := fingerprint(uint64(w.upTo(int64(w.prints))))
	if h := w.model.held; h != nil && w.rng.IntN(4) > 0 {
		named = h.fingerprint
	}
	return w.tell(w.machine.Invalidate(named, w.now),
		func(see *observed) core.Decision { return w.model.invalidate(named, w.now, see) }, "invalidate %d", named)
}

func (w *world) prompted() error {
	if len(w.tickets) == 0 || !w.model.attended {
		return nil
	}
	latest := w.tickets[max(0, len(w.tickets)-3):] // some have timed out
	ticket := latest[w.rng.IntN(len(latest))]
	return w.tell(w.machine.Prompted(ticket, w.now),
		func(see *observed) core.Decision { return w.model.prompted(ticket, w.now, see) }, "prompted %d", ticket)
}

// report lets an attempt end, in whichever way.
func (w *world) report() error {
	a := &attempt{ticket: 1 + w.upTo(1<<50), start: core.Now{Wall: w.truth}}
	if len(w.running) > 0 && w.rng.IntN(30) > 0 {
		i := w.rng.IntN(len(w.running))
		a = w.running[i]
		w.running = slices.Delete(w.running, i, i+1)
	}
	if w.rng.IntN(20) < w.wellness {
		facts := w.reply(a)
		return w.tell(w.machine.Complete(a.ticket, w.now, facts),
			func(see *observed) core.Decision { return w.model.complete(a.ticket, w.now, facts, see) },
			"complete %d %+v", a.ticket, facts)
	}
	return w.fail(a.ticket)
}

func (w *world) fail(ticket int64) error {
	class, code, pause := core.Recoverable, core.CodeAbandoned, int64(0)
	predict := func(see *observed) core.Decision { return w.model.fail(ticket, w.now, class, code, pause, see) }
	if w.rng.IntN(5) == 0 {
		return w.tell(w.machine.Abandon(ticket, w.now), predict, "abandon %d", ticket)
	}
	class = core.Class(1 + w.rng.IntN(3))
	code = []core.Code{core.CodeSource, core.CodeMalformed}[w.rng.IntN(2)]
	pause = w.pick(0, 0, 0, 3*second, 60*minute)
	return w.tell(w.machine.Fail(ticket, w.now, class, code, pause), predict,
		"fail %d class %d code %d pause %d", ticket, class, code, pause)
}

// reply is mostly a good one.
func (w *world) reply(a *attempt) core.Facts {
	at := w.pick(a.start.Wall, w.truth)
	w.prints++
	f := core.Facts{Expiry: at + w.life + w.upTo(w.life/4) - w.life/8, Fingerprint: fingerprint(w.prints)}
	f.ServerTime = w.pick(0, at)
	f.Duration = w.pick(0, 0, 0, w.life)
	h := w.model.held
	switch n := w.rng.IntN(24); {
	case n == 0 && h != nil:
		f.Expiry, f.Fingerprint = h.expiry, h.fingerprint
	case n == 1 && h != nil && h.expiry < core.Never:
		f.Expiry = h.expiry - w.upTo(w.life)
	case n == 2:
		f.Expiry = w.pick(0, -1, 1<<62)
	case n == 3:
		f.Expiry = w.truth - w.upTo(60*minute)
	case n == 4 && len(w.model.rejected) > 0:
		f.Fingerprint = w.model.rejected[w.rng.IntN(len(w.model.rejected))]
	case n == 5:
		f.Expiry = core.Never
	case n == 6:
		f.Duration = w.pick(1, second)
	case n == 8 && h != nil:
		f.Fingerprint = h.fingerprint
	case n == 7:
		f.ServerTime = at + w.pick(-10*minute, 10*minute, -24*60*minute, 1-at)
	}
	return f
}
