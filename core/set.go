package core

// set is what the machine knows of credentials: everything but the secrets.
type set struct {
	ticket       int64 // the flight that brought it; 0: nothing is held
	wall         int64 // expiry on the local wall clock
	seq          int64 // the number of that flight, in the order of their starts
	fingerprint  uint64
	sourceExpiry int64 // as the source wrote it, to compare replies with
	elapsed      int64 // expiry on the elapsed clock
	lifetime     int64
	advisory     int64 // windows in force, fixed at install
	mandatory    int64
	installed    int64 // when, on the elapsed clock
	rejected     bool  // by the user's word: no caller gets it
	bypassed     bool  // the one bypass of a hold-off was used
	suspect      bool  // a service refused it to somebody
	checked      bool  // weak evidence against it was checked, or it came from such a check
	spaced       int64 // no attempt for those who report it before here
}

// keepDoubts keeps the reports on a set when its source gives the same set more
// time.
func (c *set) keepDoubts(of *set) {
	c.suspect, c.checked, c.spaced = of.suspect, of.checked, of.spaced
	c.bypassed = of.suspect || of.checked
}

func (c *set) endless() bool { return c.wall == Never }

// remaining is the smaller of what the two clocks say: whichever of them
// stopped, stepped back or slept, the other one still ends the set in time.
func (c *set) remaining(now Now) int64 {
	if c.endless() {
		return Never
	}
	return min(c.wall-now.Wall, c.elapsed-now.Elapsed)
}

func (c *set) phase(now Now) Phase {
	if c.ticket == 0 {
		return PhaseEmpty
	}
	switch r := c.remaining(now); {
	case r <= 0:
		return PhaseExpired
	case r <= c.mandatory:
		return PhaseMandatory
	case r <= c.advisory:
		return PhaseAdvisory
	}
	return PhaseFresh
}

// overdue tells whether a refresh must be attempted before the set is handed out.
func (c *set) overdue(now Now) bool { return c.phase(now) >= PhaseMandatory || c.rejected }

// windowsFor fixes the windows for a lifetime, and tells whether explicit windows had
// to shrink. Windows as long as the lifetime would cause a refresh on every call.
func (c *config) windowsFor(life int64) (advisory, mandatory int64, shrunk bool) {
	if life >= Never {
		return 0, 0, false
	}
	advisory, mandatory = c.advisory, c.mandatory
	if c.auto {
		advisory = max(automatic(life), mandatory)
	}
	if c.policy == AWS2026 {
		return advisory, mandatory, false
	}
	ownA, ownM := c.has(OptAdvisoryTimeout), c.has(OptMandatoryTimeout)
	limit := life / 2
	if ownA {
		limit = life * 9 / 10
	}
	if advisory <= limit {
		return advisory, mandatory, false
	}
	a, m := limit, mandatory*limit/advisory // M keeps its share
	if ownM {
		m = min(mandatory, life*9/10)
		a = max(limit, m)
	}
	return a, m, ownA && a < advisory || ownM && m < mandatory
}

// automatic is AWS's table of 2026: the advisory window by lifetime.
func automatic(life int64) int64 {
	switch {
	case life <= 20*minute:
		return 5 * minute
	case life < 90*minute:
		return 15 * minute
	}
	return hour
}
