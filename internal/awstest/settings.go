package awstest

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

// defaultLifetime is the lifetime of a set for which nobody asks for another.
const defaultLifetime = time.Hour

// settings is what may be changed while the stand-in runs.
type settings struct {
	mu       sync.Mutex
	shift    time.Duration
	lifetime time.Duration            // of all sources; 0: as asked
	single   map[string]time.Duration // by role ARN or alias
}

func newSettings(cfg Config) *settings {
	s := &settings{}
	s.restore(cfg)
	return s
}

func (s *settings) restore(cfg Config) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift, s.lifetime, s.single = cfg.ClockOffset, cfg.Lifetime, maps.Clone(cfg.Lifetimes)
	if s.single == nil {
		s.single = map[string]time.Duration{}
	}
}

func (s *settings) offset() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shift
}

// override is the lifetime that sets of a source have, whatever is asked; 0
// where none was set.
func (s *settings) override(source string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.single[source]; ok {
		return d
	}
	return s.lifetime
}

// SetLifetime overrides the lifetime of the sets issued from now on, for a role
// ARN, for a role alias, or for all with source "". 0 goes back to what is
// asked. It fails outside MinLifetime to MaxLifetime and on a malformed source.
func (s *Server) SetLifetime(source string, lifetime time.Duration) error {
	if err := checkLifetime(lifetime); err != nil {
		return err
	}
	if source != "" {
		if err := checkSource(source); err != nil {
			return err
		}
	}
	s.settings.mu.Lock()
	defer s.settings.mu.Unlock()
	if source == "" {
		s.settings.lifetime = lifetime
	} else {
		s.settings.single[source] = lifetime
	}
	return nil
}

// maxOffset keeps every instant well inside what replies can express.
const maxOffset = 365 * 24 * time.Hour

// SetClockOffset moves the server's clock: it then reads Config.Clock plus
// offset. Sets already issued keep their instant of expiry, and so end earlier
// or later. It fails beyond a year either way.
func (s *Server) SetClockOffset(offset time.Duration) error {
	if err := checkOffset(offset); err != nil {
		return err
	}
	s.settings.mu.Lock()
	defer s.settings.mu.Unlock()
	s.settings.shift = offset
	return nil
}

func checkOffset(offset time.Duration) error {
	if offset.Abs() > maxOffset {
		return fmt.Errorf("awstest: clock offset must be within a year, got %v", offset)
	}
	return nil
}
