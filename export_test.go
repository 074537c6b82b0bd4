package evercreds

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

// OpenAt is New on a clock of the test's.
func OpenAt(clock func() core.Now, source Source, opts ...Option) (*Session, error) {
	return openAt(clock, userSource{source}, nil, aws.Config{}, opts)
}

// OpenSTSAt is NewSTS on a clock of the test's.
func OpenSTSAt(clock func() core.Now, cfg aws.Config, role AssumeRole) (*Session, error) {
	source, err := sources.NewSTS(cfg, sources.AssumeRole(role))
	if err != nil {
		return nil, err
	}
	return openAt(clock, ownSource{source}, source.Close, aws.Config{}, nil)
}

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
