package evercreds

import (
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/millis"
)

// Phase is a stage in the life of the held credentials.
type Phase core.Phase

// The phases.
const (
	PhaseEmpty     Phase = Phase(core.PhaseEmpty)     // there are none
	PhaseFresh     Phase = Phase(core.PhaseFresh)     // no refresh is due
	PhaseAdvisory  Phase = Phase(core.PhaseAdvisory)  // a refresh is due, and nobody waits for it
	PhaseMandatory Phase = Phase(core.PhaseMandatory) // callers wait for a refresh
	PhaseExpired   Phase = Phase(core.PhaseExpired)   // they have expired
)

// String returns "empty", "fresh", "advisory", "mandatory" or "expired".
func (p Phase) String() string { return words.Phase(core.Phase(p)) }

// ShareState is what a session is to the processes that share its credentials.
type ShareState core.ShareState

// The states.
const (
	ShareOff       ShareState = ShareState(core.SharingOff)       // it does not share
	ShareSolo      ShareState = ShareState(core.SharingSolo)      // the store has failed, and is left alone for a while
	ShareIdle      ShareState = ShareState(core.SharingIdle)      // no refresh is under way
	ShareFollowing ShareState = ShareState(core.SharingFollowing) // it waits for another's refresh
	ShareLeading   ShareState = ShareState(core.SharingLeading)   // it has the turn
)

// String returns "off", "solo", "idle", "following" or "leading".
func (s ShareState) String() string { return words.ShareState(core.ShareState(s)) }

// Forever is the time left of credentials that do not expire, or that last 292 years and
// more.
const Forever = time.Duration(1<<63 - 1)

// Status is the state of a session at one instant. Its fields have the names that every
// language has for them: docs/reference/abi.md lists them.
type Status struct {
	Phase            Phase         // of the life of the held credentials
	Remaining        time.Duration // until they expire; 0: none are held, or they have expired; [Forever]: they never do
	Lifetime         time.Duration // that they had when they were installed
	AdvisoryTimeout  time.Duration // the advisory window in force for them
	MandatoryTimeout time.Duration // the mandatory window in force for them
	Refreshing       bool          // a refresh is under way
	Degraded         bool          // a required refresh has failed, and they stay in use
	Rejected         bool          // [Session.Invalidate] gave them up for all callers
	Reported         bool          // a service rejected them for one caller at least; the others keep using them
	Closed           bool          // [Session.Close] was called: it holds nothing then, and its counters stay
	HoldOff          time.Duration // until a background refresh may start; 0: at once
	Share            ShareState    // what the session is to the processes that share its credentials

	SessionName string    // RoleSessionName of [NewSTS], the thing's name of [NewIoT]
	Role        string    // the role's ARN, the role alias, or the name of the function or the source's type
	Expiry      time.Time // of the held credentials; zero: they have none, or none are held
	NextAttempt time.Time // when the next attempt may start; zero: at once
	LastCause   Cause     // why the last refresh began; 0: none has

	// LastError is why the last refresh failed, until one succeeds; else nil. It tells
	// of failures in the advisory window too, which no caller sees. Its AWSErrorCode tells
	// "AccessDenied" from "Throttling" from "network".
	LastError *Error

	// The counters begin at 0 when the session is opened.

	Starts         int64 // refreshes started
	Installs       int64 // refreshes that brought new credentials
	Failures       int64 // refreshes that failed, TimeOuts included
	TimeOuts       int64 // refreshes that did not end in time
	LateAnswers    int64 // answers that came after their refresh had timed out
	UnknownTickets int64 // answers for unknown refreshes
	NoProgress     int64 // answers with credentials that expire no later than those held
	Rejections     int64 // credentials that were rejected, for one caller or for all
	ShareAdopted   int64 // credentials that other sessions fetched
	SharePublished int64 // credentials that the store took
	ShareRefused   int64 // credentials that the store refused, since it has newer ones
	ShareCalls     int64 // calls of the store
	ShareFailures  int64 // calls of the store that failed
	ShareAlone     int64 // refreshes without a turn
}

// Status returns the state of the session. It changes nothing, and starts nothing.
func (s *Session) Status() (status Status) {
	s.host.Look(func(m host.Machine, now core.Now) {
		number := func(f core.Field) int64 {
			n, _ := m.Status(f, now) // the core refuses nothing
			return n
		}
		span := func(f core.Field) time.Duration { return spanOf(number(f)) }
		status = Status{
			Phase:            Phase(number(core.StatusPhase)),
			Remaining:        span(core.StatusRemaining),
			Lifetime:         span(core.StatusLifetime),
			AdvisoryTimeout:  span(core.StatusAdvisory),
			MandatoryTimeout: span(core.StatusMandatory),
			Refreshing:       number(core.StatusFlight) != 0,
			Degraded:         number(core.StatusDegraded) != 0,
			Rejected:         number(core.StatusIsRejected) != 0,
			Reported:         number(core.StatusIsReported) != 0,
			Closed:           number(core.StatusIsClosed) != 0,
			HoldOff:          span(core.StatusHoldOff),
			Starts:           number(core.StatusStarts),
			Installs:         number(core.StatusInstalls),
			Failures:         number(core.StatusFailures),
			TimeOuts:         number(core.StatusTimeOuts),
			LateAnswers:      number(core.StatusLateAnswers),
			UnknownTickets:   number(core.StatusUnknownTickets),
			NoProgress:       number(core.StatusNoProgress),
			Rejections:       number(core.StatusRejections),
			Share:            ShareState(number(core.StatusShare)),
			ShareAdopted:     number(core.StatusShareAdopted),
			SharePublished:   number(core.StatusSharePublished),
			ShareRefused:     number(core.StatusShareRefused),
			ShareCalls:       number(core.StatusShareCalls),
			ShareFailures:    number(core.StatusShareFailures),
			ShareAlone:       number(core.StatusShareAlone),
		}
		facts := s.host.Facts(now)
		status.SessionName, status.Role, status.LastCause = s.host.SessionName, s.host.Role, Cause(s.host.LastCause())
		status.Expiry, status.NextAttempt = facts.Expiry, facts.NextAttempt
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
