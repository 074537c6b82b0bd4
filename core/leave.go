package core

// Leave is what a caller calls who stops waiting before its answer has come: Serve
// where the held set is good for it without an attempt, else None, and the host gives
// it an error of its own. The flight and the other callers go on. The caller of Force
// does not call it: what is held is not what it asked for.
func (s *Session) Leave(now Now, need Need) Decision {
	if !s.begin(now) {
		return s.end()
	}
	now = s.now
	shown := s.permanentShown() && s.required.until > now.Elapsed
	calm := s.held.phase(now) <= PhaseAdvisory && !shown
	if s.usable(now, need) && (calm || s.servesOn()) {
		s.serve(now)
	}
	return s.end()
}
