package evercreds

import (
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
)

// At puts a session on a clock of the test's.
func At(clock func() core.Now) Option { return func(s *settings) { s.place.Clock = clock } }

// SignedBy reads key and region out of an Authorization header.
var SignedBy = signedBy

// SetsKept tells how many sets of credentials the session remembers.
func (s *Session) SetsKept() int { return s.host.Sets() }

// LoseTimer stops the timer, as if it never fired.
func (s *Session) LoseTimer() { s.host.LoseTimer() }

// Machine is the session's core as it is now.
func (s *Session) Machine() *core.Session {
	var now core.Session
	s.host.Look(func(m host.Machine, _ core.Now) { now = *m.(host.Core).Session })
	return &now
}

// Still has no event come while something looks at the session.
func (s *Session) Still(look func()) {
	s.host.Look(func(host.Machine, core.Now) { look() })
}
