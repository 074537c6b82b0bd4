package host

import (
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
)

// strangers are what a host tells of its group by itself.
type strangers struct {
	unopened map[uint64]bool // entries that were told of, by their fingerprints
	alone    int             // refreshes in a row that led and met nobody
	counted  int64           // the flight that was counted last
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

// countTurn tells, once, when so many refreshes in a row have met no other process. A flight
// counts once, however often it wins: it extends its turn, and looks again after one that it
// won late. The lock is held.
func (h *Host) countTurn(v *visit) {
	flight, _ := h.Machine.Status(core.StatusFlight, h.Clock())
	switch {
	case v.saw.Met:
		h.strangers.alone = 0
	case flight != h.strangers.counted:
		if h.strangers.alone++; h.strangers.alone == words.NobodyMetAfter {
			h.tellStep(words.NobodyMet, words.Lonely)
		}
	}
	h.strangers.counted = flight
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
