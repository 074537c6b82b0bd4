package evercreds

import (
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/millis"
)

// Phase is where the credentials held stand in their life.
type Phase core.Phase

// The phases.
const (
	PhaseEmpty     Phase = Phase(core.PhaseEmpty)     // none are held
	PhaseFresh     Phase = Phase(core.PhaseFresh)     // no refresh is due
	PhaseAdvisory  Phase = Phase(core.PhaseAdvisory)  // refresh early, nobody waits
	PhaseMandatory Phase = Phase(core.PhaseMandatory) // refresh before use
	PhaseExpired   Phase = Phase(core.PhaseExpired)   // no time left
)

// String is "empty", "fresh", "advisory", "mandatory" or "expired".
func (p Phase) String() string { return words.Phase(core.Phase(p)) }

// Forever stands for the time left of a set without expiry, and of one that has 292
// years or more.
const Forever = time.Duration(1<<63 - 1)

// Status is the state of a session at one instant.
type Status struct {
	Phase      Phase
	Remaining  time.Duration // time left, 0 where there is none; Forever for a set without expiry
	Lifetime   time.Duration // of the set held, when it was installed
	Advisory   time.Duration // the windows in force for the set held
	Mandatory  time.Duration
	Refreshing bool          // a refresh is under way
	Degraded   bool          // a required refresh failed since the set was installed
	Rejected   bool          // the set held was given up by Invalidate
	Reported   bool          // a service refused the set held to one client at least
	Closed     bool          // Close was called
	HoldOff    time.Duration // until a refresh may start that nobody waits for

	// LastError is the last failure since the last success, or nil. It tells of
	// failures in the advisory window, which no caller sees.
	LastError *Error

	Refreshes   int64 // started
	Installed   int64 // brought a new set
	Failures    int64 // failed, TimeOuts included
	TimeOuts    int64
	Rejections  int64 // sets that were rejected, for one caller or for all
	LateAnswers int64 // came after their refresh had timed out
}

// Status tells the state of the session. It changes nothing, and starts nothing.
func (s *Session) Status() (status Status) {
	s.host.Look(func(m host.Machine, now core.Now) {
		number := func(f core.Field) int64 {
			n, _ := m.Status(f, now) // the core refuses nothing
			return n
		}
		span := func(f core.Field) time.Duration { return spanOf(number(f)) }
		status = Status{
			Phase:       Phase(number(core.StatusPhase)),
			Remaining:   span(core.StatusRemaining),
			Lifetime:    span(core.StatusLifetime),
			Advisory:    span(core.StatusAdvisory),
			Mandatory:   span(core.StatusMandatory),
			Refreshing:  number(core.StatusFlight) != 0,
			Degraded:    number(core.StatusDegraded) != 0,
			Rejected:    number(core.StatusIsRejected) != 0,
			Reported:    number(core.StatusIsReported) != 0,
			Closed:      number(core.StatusIsClosed) != 0,
			HoldOff:     span(core.StatusHoldOff),
			Refreshes:   number(core.StatusStarts),
			Installed:   number(core.StatusInstalls),
			Failures:    number(core.StatusFailures),
			TimeOuts:    number(core.StatusTimeOuts),
			Rejections:  number(core.StatusRejections),
			LateAnswers: number(core.StatusLateAnswers),
		}
		if last, _ := s.host.LastFailure(now); last != nil {
			status.LastError = errorOf(*last)
		}
	})
	return status
}

func spanOf(ms int64) time.Duration {
	if ms < core.Never {
		return millis.Duration(ms)
	}
	return Forever
}
