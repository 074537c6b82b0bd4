package evercreds

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
)

// OpenAt is New on a clock of the test's.
func OpenAt(clock func() core.Now, source Source, opts ...Option) (*Session, error) {
	return openAt(clock, source, nil, aws.Config{}, opts)
}

// SignedBy reads key and region out of an Authorization header.
var SignedBy = signedBy

// SetsKept tells how many sets of credentials the session remembers.
func (s *Session) SetsKept() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sets)
}

// LoseTimer stops the timer, as if it never fired.
func (s *Session) LoseTimer() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer.Stop()
}

// Machine is the session's core as it is now.
func (s *Session) Machine() *core.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := *s.machine
	return &now
}

// Still has no event come while something looks at the session.
func (s *Session) Still(look func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	look()
}
