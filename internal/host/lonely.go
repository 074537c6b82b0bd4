package host

import (
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
)

// strangers are what a host tells of its group by itself.
type strangers struct {
	unopened map[uint64]bool // entries that were told of, by their fingerprints
	alone    int             // turns in a row in which nobody was met
}

// mostUnopened bounds what is kept: who can write in the store could fill the memory.
const mostUnopened = 64

// tellUnopened tells of an entry that did not open, once. The lock is held.
func (h *Host) tellUnopened(l *Looked) {
	if l.Junk == nil && !l.Foreign || h.strangers.unopened[l.SawFingerprint] || len(h.strangers.unopened) == mostUnopened {
		return
	}
	if h.strangers.unopened == nil {
		h.strangers.unopened = map[uint64]bool{}
	}
	h.strangers.unopened[l.SawFingerprint] = true
	h.tellStep(words.Unopened, words.Entry)
}

// countTurn tells, once, when so many turns in a row have met no other process. The lock is
// held.
func (h *Host) countTurn(m *meeting) {
	switch {
	case m.counted: // the turn was extended
		return
	case m.saw.Met:
		h.strangers.alone = 0
	default:
		h.strangers.alone++
	}
	m.counted = true
	if h.strangers.alone == words.Foundless {
		h.tellStep(words.NobodyMet, words.Lonely)
	}
}

func (h *Host) tellStep(step, text string) {
	if h.Tell == nil && h.Log == nil {
		return
	}
	now := h.Clock()
	facts := h.Facts(now)
	h.tell(Event{Kind: Share, Step: step, At: now.Wall, Facts: facts})
	if h.Log != nil {
		phase, _ := h.Machine.Status(core.StatusPhase, now)
		h.Log(Line{Level: words.Warning, Text: words.In(words.Here, text), Phase: core.Phase(phase), Facts: facts})
	}
}
