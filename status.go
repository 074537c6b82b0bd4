package evercreds

import (
	"fmt"
	"time"

	"github.com/evercreds/evercreds/core"
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
func (p Phase) String() string {
	names := [...]string{"empty", "fresh", "advisory", "mandatory", "expired"}
	if p < 0 || int(p) >= len(names) {
		return fmt.Sprintf("phase %d", int(p))
	}
	return names[p]
}

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
func (s *Session) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	number := func(f core.Field) int64 { return s.machine.Status(f, now) }
	span := func(f core.Field) time.Duration { return s.span(f, now) }
	return Status{
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
		LastError:   s.lastError(now),
		Refreshes:   number(core.StatusStarts),
		Installed:   number(core.StatusInstalls),
		Failures:    number(core.StatusFailures),
		TimeOuts:    number(core.StatusTimeOuts),
		Rejections:  number(core.StatusRejections),
		LateAnswers: number(core.StatusLateAnswers),
	}
}

func (s *Session) span(f core.Field, now core.Now) time.Duration {
	if ms := s.machine.Status(f, now); ms < core.Never {
		return millis.Duration(ms)
	}
	return Forever
}

func (s *Session) lastError(now core.Now) *Error {
	code := s.machine.Status(core.StatusLastCode, now)
	if code == 0 {
		return nil
	}
	holdOff := s.machine.Status(core.StatusHoldOff, now)
	return &Error{
		Code:    Code(code),
		Class:   Class(s.machine.Status(core.StatusLastClass, now)),
		RetryAt: time.UnixMilli(now.Wall + holdOff),
		Err:     s.failureOf(s.machine.Status(core.StatusLastTicket, now)),
	}
}
