package sim

import "github.com/evercreds/evercreds/core"

// source is what all sessions of a fleet fetch from. It takes so many calls in a
// second and throttles the others.
type source struct {
	fleet     *Fleet
	perSecond int64
	calls     []int64 // in each second
	throttled int64
	failed    int64
	issued    int64
}

// outcome is how a call ended, and when its caller knows.
type outcome struct {
	class core.Class // where it failed
	after int64
	ok    bool
}

// call is one call over the network.
func (s *source) call(m *member) outcome {
	now := s.fleet.Now
	at := now / second
	s.calls[at]++
	during := s.fleet.chapter()
	most := s.perSecond
	if during == throttled {
		most /= 10
	}
	switch {
	case during == down || s.fleet.plan.StaysDown && during > down:
		s.failed++
		return outcome{class: core.Recoverable, after: second}
	case s.calls[at] > max(most, 1):
		s.throttled++
		return outcome{class: core.Throttled, after: 30}
	case during == rotated && now < m.keyFrom:
		s.failed++
		return outcome{class: core.Permanent, after: 50}
	}
	s.issued++
	return outcome{ok: true, after: s.latency()}
}

// latency is mostly short, now and then long, and sometimes longer than anybody waits.
func (s *source) latency() int64 {
	switch n := s.fleet.rng.IntN(1000); {
	case s.fleet.chapter() >= healed || n < 980:
		return 50 + s.fleet.rng.Int64N(250)
	case n < 997:
		return s.fleet.rng.Int64N(20 * second)
	}
	return s.fleet.rng.Int64N(20 * minute)
}

// rejects tells whether a set that was asked for at an instant is no longer taken.
func (s *source) rejects(issued int64) bool {
	const at = revoked * chapter
	return s.fleet.Now >= at && issued < at
}

// busiest counts the calls in a chapter, and the most in a second of it.
func (s *source) busiest(during int64) (calls, most int64) {
	for _, n := range s.calls[during*chapter/second : (during+1)*chapter/second] {
		calls += n
		most = max(most, n)
	}
	return calls, most
}
