package main

import (
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/core/sim/world"
)

// set is one set of credentials.
type set struct {
	id     int64
	expiry int64 // true time
}

// failure is why a call to STS brought none.
type failure int

const (
	unreachable failure = iota + 1
	throttled
)

// service is STS, and all the services that take what it issues.
type service struct {
	*world.World
	lifetime int64
	down     func(now int64) bool // STS alone
	perS     int64                // calls that it takes in each second; 0: any number
	perSFrom int64                // and from when on
	revokeAt int64                // all sets issued before are rejected from here on; 0: never

	latency, patience int64 // of an answer; until a client knows that there is none

	issued, calls int64
	peak          int64 // most calls in one second
	inSecond      int64
	theSecond     int64
}

// assumeRole is one call over the network.
func (s *service) assumeRole(done func(set, failure)) {
	s.calls++
	if now := s.Now / second; now != s.theSecond {
		s.theSecond, s.inSecond = now, 0
	}
	s.inSecond++
	s.peak = max(s.peak, s.inSecond)
	switch {
	case s.down != nil && s.down(s.Now):
		s.After(s.patience, func() { done(set{}, unreachable) })
	case s.perS > 0 && s.Now >= s.perSFrom && s.inSecond > s.perS:
		s.After(s.latency, func() { done(set{}, throttled) })
	default:
		s.issued++
		got := set{id: s.issued, expiry: s.Now + s.latency/2 + s.lifetime}
		s.After(s.latency, func() { done(got, 0) })
	}
}

// attempts is one refresh through an SDK, which tries again by itself: up to three
// times, half a second and a second apart.
func (s *service) attempts(most int, done func(set, failure)) {
	s.assumeRole(func(got set, why failure) {
		if why == 0 || most <= 1 {
			done(got, why)
			return
		}
		s.After(second/2, func() {
			s.assumeRole(func(got set, why failure) {
				if why == 0 || most <= 2 {
					done(got, why)
					return
				}
				s.After(second, func() { s.assumeRole(done) })
			})
		})
	})
}

// accepts tells whether a call that is signed with a set succeeds now.
func (s *service) accepts(c set) bool {
	revoked := s.revokeAt != 0 && s.Now >= s.revokeAt && c.expiry-s.lifetime < s.revokeAt
	return s.Now < c.expiry && !revoked
}

// class is what the core is told of a failure.
func (f failure) class() core.Class {
	if f == throttled {
		return core.Throttled
	}
	return core.Recoverable
}
