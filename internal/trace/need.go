package trace

import "github.com/evercreds/evercreds/core"

// need takes what a caller needs. other=N without "weak" is strong evidence.
func (r *replayer) need(a *args) core.Need {
	n := core.Need{MinTTL: a.span("min_ttl"), Until: a.span("until")}
	weak := a.word("weak")
	if a.has("other") {
		n.Other, n.Evidence = uint64(a.number("other")), core.EvidenceStrong
	}
	if weak {
		n.Evidence = core.EvidenceWeak
	}
	return n
}
