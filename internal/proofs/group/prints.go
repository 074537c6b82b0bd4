package group

// prints is a set of fingerprints of 64 bits, eight bytes each and a third of them spare. Two
// of N rooms have the same one with a chance of N²/2⁶⁵: of 50 million, one in 15,000.
// Then one room, and what only it leads to, is left out of that one run; the next has
// fingerprints of another seed.
type prints struct {
	slots []uint64 // 0: free
	n     int
}

// add tells whether a fingerprint is new.
func (p *prints) add(h uint64) bool {
	h = max(h, 1)
	if p.n >= len(p.slots)/4*3 {
		old := p.slots
		p.slots = make([]uint64, max(1<<12, 2*len(old)))
		for _, o := range old {
			if o != 0 {
				p.slots[p.find(o)] = o
			}
		}
	}
	at := p.find(h)
	if p.slots[at] == h {
		return false
	}
	p.slots[at] = h
	p.n++
	return true
}

// find is the place of a fingerprint, or the free one for it.
func (p *prints) find(h uint64) uint64 {
	last := uint64(len(p.slots) - 1)
	at := h & last
	for p.slots[at] != 0 && p.slots[at] != h {
		at = (at + 1) & last
	}
	return at
}
