package model_test

import (
	"slices"

	"github.com/evercreds/evercreds/core"
)

// pending is a call of the store that was not reported yet.
type pending struct {
	kind   core.Share
	number int64
}

// fingerprint is that of the n-th set; 0 of none. All its bits count, as those of a hash.
func fingerprint(n uint64) uint64 { return n * 0x9e3779b97f4a7c15 }

// pendingCall draws a call: mostly one that was asked for last, now and then an old one, or none.
func (w *world) pendingCall() (pending, bool) {
	if w.rng.IntN(40) == 0 {
		return pending{core.Share(1 + w.rng.IntN(4)), 1 + w.upTo(1<<50)}, true
	}
	if len(w.asked) == 0 {
		return pending{}, false
	}
	i := max(0, len(w.asked)-1-w.rng.IntN(2))
	p := w.asked[i]
	if w.rng.IntN(20) > 0 {
		w.asked = slices.Delete(w.asked, i, i+1)
	}
	if w.rng.IntN(40) == 0 {
		p.kind = core.Share(1 + w.rng.IntN(4))
	}
	return p, true
}

// storeAnswers reports a call of the store.
func (w *world) storeAnswers() error {
	c, ok := w.pendingCall()
	if !ok {
		return nil
	}
	switch c.kind {
	case core.ShareLook:
		e := w.entry()
		return w.tell(w.machine.ShareFound(c.number, w.now, e),
			func(see *observed) core.Decision { return w.model.found(c.number, w.now, e, see) }, "found %d %+v", c.number, e)
	case core.ShareCampaign:
		won, number, left := w.rng.IntN(3) > 0, w.upTo(20), w.pick(0, 1, 2*second, w.upTo(minute), core.Never)
		return w.tell(w.machine.ShareLed(c.number, w.now, number, won, left),
			func(see *observed) core.Decision { return w.model.led(c.number, w.now, number, won, left, see) },
			"led %d number %d won %v left %d", c.number, number, won, left)
	default:
		stored := w.rng.IntN(3) > 0
		return w.tell(w.machine.ShareDone(c.number, w.now, stored),
			func(see *observed) core.Decision { return w.model.done(c.number, w.now, stored, see) }, "done %d %v", c.number, stored)
	}
}

func (w *world) storeFails() error {
	c, ok := w.pendingCall()
	if !ok {
		return nil
	}
	return w.tell(w.machine.ShareFailed(c.number, w.now, core.StoreUnreachable),
		func(see *observed) core.Decision { return w.model.storeFailed(c.number, w.now, see) }, "store failed %d", c.number)
}

func (w *world) hint() error {
	return w.tell(w.machine.ShareHint(w.now), func(see *observed) core.Decision { return w.model.hint(w.now, see) }, "hint")
}

// entry is what a look finds: mostly nothing, or a good set that another has published.
func (w *world) entry() core.Found {
	e := core.Found{Turn: w.pick(0, w.upTo(20)), TurnLeft: w.pick(0, 0, 0, 0, 0, 1, w.upTo(5*second), w.upTo(minute), core.Never)}
	if w.rng.IntN(5) == 0 {
		e.Turn = w.pick(1<<40, core.Never-2, core.Never-1, core.Never)
	}
	if w.rng.IntN(3) == 0 {
		e.Notice = w.pick(1, 2, 3) + 16*w.pick(0, 1, 2, 9, 1<<30)
		e.NoticeLeft = w.pick(0, 1, w.upTo(minute), core.Never)
	}
	if w.rng.IntN(2) == 0 {
		return e
	}
	w.prints++
	e.Fingerprint, e.Life, e.Generation = fingerprint(w.prints), w.life, w.upTo(e.Turn)
	left := w.life - w.upTo(w.life/2)
	e.Expiry, e.Left = w.truth+left, left
	if w.rng.IntN(4) == 0 {
		e.Left = w.pick(core.Never, 0, -second, w.upTo(w.life), 2*w.life)
	}
	h := w.model.held
	switch n := w.rng.IntN(16); {
	case n == 0 && h != nil:
		e.Expiry, e.Fingerprint = h.expiry, h.fingerprint
	case n == 1 && h != nil:
		e.Replaces, e.Expiry = h.fingerprint, h.expiry-w.upTo(minute)
	case n == 2 && len(w.model.rejected) > 0:
		e.Fingerprint = w.model.rejected[w.rng.IntN(len(w.model.rejected))]
	case n == 3:
		e.Expiry = w.pick(core.Never, 0, -1, 1<<51, w.truth-w.upTo(minute))
	case n == 4:
		e.Life = w.pick(0, 1, second, 24*60*minute)
	case n == 5 && h != nil && h.expiry < core.Never:
		e.Expiry = h.expiry - w.upTo(w.life)
	}
	return e
}

// shareState is what the session is to its group.
func (m *model) shareState() core.ShareState {
	switch f := m.flight; {
	case !m.shared() || m.closed:
		return core.SharingOff
	case f != nil && f.turn != 0:
		return core.SharingLeading
	case m.share.until > m.now.Elapsed:
		return core.SharingSolo
	case f != nil && f.grounded && f.asks == nil:
		return core.SharingFollowing
	}
	return core.SharingIdle
}
