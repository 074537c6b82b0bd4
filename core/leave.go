package core

// Leave answers a caller that stops waiting before its answer has come: Serve if the
// held set is good for it without an attempt, else None, and the host gives it an
// error of its own. The flight and the other callers are not concerned. The caller
// of Force does not call it: the held set is not what it asked for.
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
