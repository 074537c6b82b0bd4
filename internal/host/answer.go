package host

import (
	"context"
	"time"

	"github.com/evercreds/evercreds/core"
)

// ask calls the store, and puts its answer, whatever the store does.
func (h *Host) ask(ctx context.Context, c *storeCall, ask func(context.Context) storeAnswer, end *time.Timer) {
	defer h.running.Done()
	defer c.cancel()
	defer end.Stop()
	answer := failedCall // by runtime.Goexit
	defer func() {
		if recover() != nil {
			answer = failedCall
		}
		answer.at = h.Clock().Elapsed
		c.there.Store(&answer)
		h.Lock.Lock()
		defer h.Lock.Unlock()
		h.takeAnswer(c)
	}()
	answer = ask(ctx)
}

// takeAnswers puts the answers that are there: each comes before an event that could give
// its call up. The lock is held.
func (h *Host) takeAnswers() {
	for _, c := range h.calls {
		if c.there.Load() != nil {
			h.takeAnswer(c)
		}
	}
}

// A timer that was fired so much too late tells of a process that was stopped, and the
// answers of stores that have come meanwhile have so long to be read.
const (
	lateTimer = 50
	arrival   = 20 * time.Millisecond
)

// letAnswersArrive waits a little if the process was stopped while the store was asked.
func (h *Host) letAnswersArrive() {
	h.Lock.Lock()
	late := len(h.calls) != 0 && h.Clock().Elapsed > h.wakeAt+lateTimer
	h.Lock.Unlock()
	if late {
		time.Sleep(arrival)
	}
}

// takeAnswer puts the answer of a call, once. Of a call from before a restore, or of a
// closed session's, nobody hears. The lock is held.
func (h *Host) takeAnswer(c *storeCall) {
	a := c.there.Load()
	switch {
	case c.taken:
		return
	case h.calls[c.number] != c:
		c.taken = true
		if a.turn.Won {
			h.giveBack(c, a.turn.Number)
		}
		return
	}
	c.taken = true
	delete(h.calls, c.number)
	switch {
	case a.failure == 0 && !a.valid():
		a.failure, a.trouble = unreadable.failure, unreadable.trouble
		fallthrough
	case a.failure != 0:
		if h.Clock().Elapsed < c.until { // else the machine has given it up, or is about to
			_, _ = h.step(h.failed(c, a))
		}
		return
	}
	c.of.heard(a.clock, a.at)
	err := h.tryAll(h.answers(c, a))
	switch {
	case c.kind != core.ShareCampaign || !a.turn.Won:
	case err == nil && h.leads():
		h.countTurn(c.of)
	default:
		h.giveBack(c, a.turn.Number)
	}
}

// answers are the events that put an answer. If the machine refuses one, the next says less.
func (h *Host) answers(c *storeCall, a *storeAnswer) []func(core.Now) (core.Decision, error) {
	m, failed := h.Machine, h.failed(c, &unreadable)
	type events = []func(core.Now) (core.Decision, error)
	switch c.kind {
	case core.ShareLook:
		c.of.saw = a.looked
		c.of.saw.Set = nil // a visit is kept for longer than a set may be
		h.tellUnopened(&a.looked)
		if a.looked.Foreign {
			return events{failed}
		}
		if a.looked.Set != nil {
			h.sets[c.number] = a.looked.Set // it may be served at once
		}
		return events{func(now core.Now) (core.Decision, error) { return m.ShareFound(c.number, now, a.looked.found()) }, failed}
	case core.ShareCampaign:
		number, left := a.turn.Number, a.turn.Left.Milliseconds()
		return events{func(now core.Now) (core.Decision, error) {
			return m.ShareLed(c.number, now, number, a.turn.Won, left)
		}, failed}
	}
	return events{func(now core.Now) (core.Decision, error) { return m.ShareDone(c.number, now, a.stored) }, failed}
}

// failed is the event of a call that failed. The machine is not told why.
func (h *Host) failed(c *storeCall, a *storeAnswer) func(core.Now) (core.Decision, error) {
	return func(now core.Now) (core.Decision, error) {
		h.trouble = a.trouble
		return h.Machine.ShareFailed(c.number, now, a.failure)
	}
}

// leads tells whether the session has the turn. The lock is held.
func (h *Host) leads() bool {
	state, err := h.Machine.Status(core.StatusShare, h.Clock())
	return err == nil && core.ShareState(state) == core.SharingLeading
}

// giveBack ends a turn that was won when nobody waited for it any more: where a turn is a
// lock, it would never end by itself. The lock is held.
func (h *Host) giveBack(c *storeCall, number int64) {
	ctx, cancel := context.WithTimeout(context.Background(), h.StoreCall)
	r := Resignation{Owner: c.owner, Number: number}
	h.running.Add(1)
	go func() {
		defer h.running.Done()
		defer cancel()
		defer func() { _ = recover() }()
		_ = h.Group.Resign(ctx, r)
	}()
}

// valid tells whether an answer has numbers that a store can have given.
func (a *storeAnswer) valid() bool {
	for _, n := range []int64{
		a.clock, a.turn.Number, int64(a.turn.Left), a.looked.Turn, a.looked.TurnLeft, a.looked.Generation,
		a.looked.Notice, a.looked.NoticeLeft, a.looked.Life, a.looked.Expiry,
	} {
		if n < 0 {
			return false
		}
	}
	return max(a.clock, a.turn.Number, a.looked.Turn, a.looked.Generation) < farthest
}

// found is what the machine learns of a look.
func (l *Looked) found() core.Found {
	return core.Found{
		Expiry: l.Expiry, Fingerprint: l.Fingerprint, Life: l.Life, Left: l.Left, Generation: l.Generation, Replaces: l.Replaces,
		Turn: l.Turn, TurnLeft: l.TurnLeft, Notice: l.Notice, NoticeLeft: l.NoticeLeft,
	}
}
