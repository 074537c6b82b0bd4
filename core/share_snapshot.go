package core

// walk takes sharing through a snapshot. A turn and a call do not survive it.
func (h *sharing) walk(c *codec) {
	c.flags(&h.dated)
	c.ints(&h.seen, &h.anchor, &h.failures, &h.until, &h.again)
	n := &h.counts
	c.ints(&n.adopted, &n.published, &n.refused, &n.calls, &n.failures, &n.alone)
}

// shareSound refuses what no session can have written.
func (s *Session) shareSound() bool {
	c, h := &s.cfg, &s.share
	if !s.shares() {
		return !c.has(OptShare)
	}
	return c.has(OptShare) && within(second, 30*second, c.shareTurn) && within(0, minute, c.shareWait) &&
		within(25, 10*second, c.shareCall) && within(5, 5*second, c.sharePoll) && within(0, 30*second, c.shareMeet) && within(0, Never-1, h.seen) &&
		within(-2*maxInstant, 2*maxInstant, h.anchor) && within(-maxInstant, 3*maxInstant, h.until, h.again)
}
