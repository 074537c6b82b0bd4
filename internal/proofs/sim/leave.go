package sim

import (
	"bytes"

	"github.com/evercreds/evercreds/core"
)

// leave lets one of the waiters leave. It changes nothing for anybody else, and
// who goes is served where nobody would have had to wait for an attempt.
func (r *Room) leave() {
	if len(r.waiters) == 0 {
		return
	}
	i := int(upTo(r.choose, int64(len(r.waiters)-1)))
	w := r.waiters[i]
	if w.forced {
		return
	}
	r.waiters = append(r.waiters[:i], r.waiters[i+1:]...)
	r.leaving(w.need)
	awake := *r.session
	awake.Wake(r.now())
	before := *r.session
	d := r.do("leave", w.need.MinTTL, func(s *core.Session) core.Decision { return s.Leave(r.now(), w.need) })
	if r.err != nil {
		return
	}
	good := r.goodAsItIs(w.need)
	required := r.status(core.StatusPhase) > int64(core.PhaseAdvisory)
	switch {
	case d.Kind != core.Serve && d.Kind != core.None && d.Code != core.CodeClosed:
		r.fail(7, "a caller that leaves gets kind %d", d.Kind)
	case d.Kind == core.Serve && (!good || required && r.status(core.StatusDegraded) == 0):
		r.fail(13, "set %d was served to a caller that left, and is not good without an attempt", d.Set)
	case d.Kind == core.None && w.inline && good && !required && r.policy != core.AWS2026:
		r.fail(3, "a caller that would have been served without its refresh gets nothing")
	case !r.alike(r.session, &awake):
		r.fail(0, "a caller that left has changed more than the time")
	}
	r.enough(d, w.need.MinTTL)
	r.other(d, w.need)
	r.served(d, &before)
}

// goodAsItIs tells whether the set that is held can be handed to this caller.
func (r *Room) goodAsItIs(n core.Need) bool {
	h := r.held()
	return h != nil && !h.rejected && r.status(core.StatusRemaining) > 0 && r.status(core.StatusRemaining) >= n.MinTTL &&
		(r.policy == core.AWS2026 || n.Evidence == core.EvidenceNone || h.fingerprint != n.Other)
}

// alike tells whether two sessions are in the same state.
func (r *Room) alike(a, b *core.Session) bool {
	for f := core.StatusPhase; f <= core.StatusIsReported; f++ {
		if a.Status(f, r.now()) != b.Status(f, r.now()) {
			return false
		}
	}
	return bytes.Equal(a.AppendSnapshot(nil), b.AppendSnapshot(nil))
}
