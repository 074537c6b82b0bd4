package core

// judge makes a set of a reply, or says what is wrong with it. Both deadlines
// are anchored at the start of the flight, which errs early.
func (s *Session) judge(now, start Now, f Facts) (set, Code) {
	c := set{fingerprint: f.Fingerprint, sourceExpiry: f.Expiry}
	for _, r := range s.rejected {
		if r == f.Fingerprint && r != 0 {
			return c, CodeStillRejected
		}
	}
	if f.Expiry == Never && s.cfg.method != MethodSTS && s.cfg.method != MethodIoT {
		c.wall, c.elapsed, c.lifetime = Never, Never, Never
		return c, CodeNone
	}
	if f.Expiry <= 0 || f.Expiry > maxInstant {
		return c, CodeMalformed
	}
	// the start of the flight as the wall clock of now would have shown it
	began := now.Wall - (now.Elapsed - start.Elapsed)
	life := f.Expiry - max(start.Wall, began)
	if s.datesWell(f) {
		life = f.Expiry - f.ServerTime
	}
	life = min(life, s.longestLife(f))
	c.lifetime = life
	c.wall = began + life
	if began > start.Wall {
		// Either the wall clock was set forward (a device's first synchronisation),
		// or the machine slept and only this clock saw it. The reply's own times
		// then keep the sleep from being added to the lifetime.
		c.wall = min(c.wall, max(start.Wall+life, f.Expiry))
	}
	c.elapsed = start.Elapsed + life
	if c.remaining(now) <= 0 {
		return c, CodeExpiredReply
	}
	return c, CodeNone
}

// datesWell tells whether the reply's date can be right. A date that gives a set
// more time than it can have comes from a wrong clock (of a proxy, or of a device
// that has just started), and is ignored.
func (s *Session) datesWell(f Facts) bool {
	return f.ServerTime > 0 && f.Expiry-f.ServerTime <= s.longestLife(f)
}

// longestLife is the requested lifetime, or the longest that AWS gives: no clock
// makes a set's lifetime longer. For a source that is not AWS's and dates nothing
// there is no bound.
func (s *Session) longestLife(f Facts) int64 {
	most := Never
	if f.ServerTime > 0 || s.cfg.method == MethodSTS || s.cfg.method == MethodIoT {
		most = 12 * hour
	}
	if f.Duration > 0 {
		most = min(most, f.Duration)
	}
	return most
}
