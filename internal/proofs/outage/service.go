package main

import (
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/proofs/world"
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
	lifetime  int64
	down      func(now int64) bool // STS alone: nobody answers, and clients know it at once
	hangs     func(now int64) bool // it takes calls, and answers none while this lasts
	throttles func(now int64) bool // all calls
	perS      int64                // calls that it takes in each second; 0: any number
	perSFrom  int64                // and from when on
	revokeAt  int64                // all sets issued before are rejected from here on; 0: never

	latency, patience int64 // of an answer; until a client knows that there is none

	issued, calls int64
	peak          int64 // most calls in one second
	inSecond      int64
	theSecond     int64
}

// assumeRole is one call over the network, by a client that waits so long for an
// answer; 0: as long as it takes.
func (s *service) assumeRole(timeout int64, done func(set, failure)) {
	s.count()
	switch {
	case s.down != nil && s.down(s.Now):
		s.After(s.patience, func() { done(set{}, unreachable) })
	case s.hangs != nil && s.hangs(s.Now):
		s.After(s.hanging(timeout), func() { done(set{}, unreachable) })
	case s.throttles != nil && s.throttles(s.Now), s.perS > 0 && s.Now >= s.perSFrom && s.inSecond > s.perS:
		s.After(s.latency, func() { done(set{}, throttled) })
	default:
		s.issued++
		got := set{id: s.issued, expiry: s.Now + s.latency/2 + s.lifetime}
		s.After(s.latency, func() { done(got, 0) })
	}
}

func (s *service) count() {
	s.calls++
	if now := s.Now / second; now != s.theSecond {
		s.theSecond, s.inSecond = now, 0
	}
	s.inSecond++
	s.peak = max(s.peak, s.inSecond)
}

// hanging is how long a call takes that is not answered: until its client has enough,
// or its connection is cut when the outage ends.
func (s *service) hanging(timeout int64) int64 {
	for t := int64(0); ; t += second {
		if timeout > 0 && t >= timeout || !s.hangs(s.Now+t) {
			return t
		}
	}
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
