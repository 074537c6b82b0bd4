package core

// ladder is a hold-off that grows with each failure until a success.
type ladder struct {
	failure  // required ladder: the cached error
	failures int64
	until    int64 // no attempt before here, on the elapsed clock
}

// holdOff decides for how long no new attempt starts, so that neither a sick
// source nor a queue of callers causes a storm of calls.
func (s *Session) holdOff(now Now, f failure, fl flight, floor int64) {
	held := s.cfg.stability == Static && s.mayServe(now, Need{}, f.class)
	switch {
	case f.class == Permanent && fl.required, s.cfg.shows(f.class):
		s.hold(now, f, max(floor, s.permanentStep()))
		if fl.cause != CauseReported { // a reporter's failure is the reporter's alone
			s.static = 0 // the error is shown for seconds, not for what is left of minutes
		}
	case held:
		if fl.reported { // a caller that cannot use the held set must not call the source at will
			s.hold(now, f, max(floor, s.requiredStep(s.required.failures)))
		}
		end := now.Elapsed + max(floor, s.rng.between(300*second, 600*second))
		end = min(end, now.Elapsed+add(s.held.remaining(now), s.cfg.maxStale))
		if fl.cause == CauseReported {
			end = max(end, s.static)
		}
		s.static = end
	case fl.required:
		s.hold(now, f, max(floor, s.requiredStep(s.required.failures)))
	case fl.cause == CauseDegraded:
		span := s.requiredStep(s.degradedFailures + 1)
		if f.class == Permanent {
			span = s.permanentStep()
		}
		s.degradedFailures++ // callers that wait after the expiry begin anew
		s.quiet.until = max(s.quiet.until, now.Elapsed+max(floor, span))
		return
	default:
		s.holdQuietly(now, floor)
		return
	}
	// after callers failed, no attempt starts at once without a caller
	if !s.cfg.deferred || fl.required && s.held.phase(now) == PhaseAdvisory {
		s.holdQuietly(now, floor)
	}
}

// hold delays callers that must wait: they get the error that is kept here.
func (s *Session) hold(now Now, f failure, span int64) {
	s.required.failures++
	s.required.failure = f
	s.required.until = max(s.required.until, now.Elapsed+span) // a pause that the source asked for stands
}

// requiredStep is 0 after the first failure, then 200 ms doubling to 5 s.
func (s *Session) requiredStep(before int64) int64 {
	if before == 0 {
		return 0
	}
	return s.draw(before, 200, 5*second)
}

// permanentStep is how long a permanent error is kept before one new attempt.
func (s *Session) permanentStep() int64 { return s.rng.between(second, 5*second) }

// holdQuietly is the advisory ladder: 5 s doubling to 5 min, and never past half
// the time to the mandatory window.
func (s *Session) holdQuietly(now Now, floor int64) {
	s.quiet.failures++
	span := s.draw(s.quiet.failures, 5*second, 5*minute)
	if left := s.held.remaining(now) - s.held.mandatory; s.held.ticket != 0 && left > 0 {
		span = min(span, left/2)
	}
	s.quiet.until = max(s.quiet.until, now.Elapsed+max(span, 2*second, floor))
}

// draw is uniform in [1/2, 1] of the n-th step. The exponent is clamped: the
// 10,000th failure behaves like the 10th.
func (s *Session) draw(n, first, most int64) int64 {
	step := min(first<<min(n-1, 10), most)
	return s.rng.between(step/2, step)
}

// quietUntil is when an attempt that nobody waits for may start: the end of every
// hold-off that concerns it. After a failure none starts in the last 10 s before
// the mandatory window either: it would only make callers wait that come then.
func (s *Session) quietUntil() int64 {
	until := max(s.quiet.until, s.required.until, s.static, s.stalled, s.quietLostUntil())
	if s.held.rejected {
		until = max(until, s.spaced)
	}
	if s.shares() {
		until = max(until, s.share.again)
	}
	mandatory := s.now.Elapsed + s.held.remaining(s.now) - s.held.mandatory
	if next := max(until, s.now.Elapsed); s.quiet.failures > 0 && next < mandatory && next > mandatory-10*second {
		return mandatory
	}
	return until
}
