package core

// Field numbers what [Session.Status] can tell. Numbers are append-only.
type Field int32

// The fields of a session's status. Spans and instants are milliseconds.
const (
	StatusPhase          Field = iota + 1 // a Phase
	StatusRemaining                       // time left, at least 0; Never for a set without expiry
	StatusAdvisory                        // the advisory window in force for the held set
	StatusMandatory                       // the mandatory window in force for the held set
	StatusLifetime                        // the held set's life when it was installed
	StatusDegraded                        // 1: a required refresh failed since the set was installed
	StatusLastCode                        // the Code of the last failure since the last success
	StatusLastClass                       // its Class
	StatusLastTicket                      // its ticket
	StatusHoldOff                         // time until an attempt may start; 0: at once
	StatusSet                             // the ticket that brought the held set; 0: none
	StatusFlight                          // the flight under way; 0: none
	StatusEpoch                           // the epoch
	StatusIsRejected                      // 1: the held set was invalidated for all callers
	StatusNextWake                        // as Decision.NextWake
	StatusIsClosed                        // 1: closed
	StatusStarts                          // counter: flights started
	StatusInstalls                        // counter: sets installed
	StatusFailures                        // counter: attempts failed, time-outs included
	StatusTimeOuts                        // counter: flights timed out
	StatusUnknownTickets                  // counter: answers for unknown flights
	StatusLateAnswers                     // counter: answers after the time-out
	StatusNoProgress                      // counter: replies without progress
	StatusRejections                      // counter: sets invalidated or reported
	StatusIsReported                      // 1: a service refused the held set to one caller or more
	StatusShare                           // a ShareState
	StatusShareTurn                       // the highest number of a turn that was met
	StatusShareAdopted                    // counter: sets of other sessions that were installed
	StatusSharePublished                  // counter: sets that the store took
	StatusShareRefused                    // counter: sets that the store refused, since it has a newer one
	StatusShareCalls                      // counter: calls of the store
	StatusShareFailures                   // counter: calls of the store that failed
	StatusShareAlone                      // counter: flights without a turn
)

// Status returns one number of the session's state as of now. It changes nothing.
// For an unknown field it returns -1.
func (s *Session) Status(f Field, now Now) int64 {
	now = now.clamped()
	now.Elapsed = max(now.Elapsed, s.now.Elapsed)
	switch f {
	case StatusPhase:
		return int64(s.held.phase(now))
	case StatusRemaining:
		return s.left(now)
	case StatusAdvisory:
		return s.held.advisory
	case StatusMandatory:
		return s.held.mandatory
	case StatusLifetime:
		return s.held.lifetime
	case StatusDegraded:
		return truth(s.degraded)
	case StatusLastCode:
		return int64(s.last.code)
	case StatusLastClass:
		return int64(s.last.class)
	case StatusLastTicket:
		return s.last.ticket
	case StatusHoldOff:
		return max(0, s.quietUntil()-now.Elapsed)
	case StatusSet:
		return s.held.ticket
	case StatusFlight:
		return s.flight.ticket
	case StatusEpoch:
		return s.epoch
	case StatusIsRejected:
		return truth(s.held.rejected)
	case StatusIsReported:
		return truth(s.held.suspect)
	case StatusNextWake:
		return s.nextWake()
	case StatusIsClosed:
		return truth(s.stage == stageClosed)
	}
	if f >= StatusShare {
		return s.shareStatus(f, now)
	}
	return s.counts.status(f)
}

func (s *Session) left(now Now) int64 {
	if s.held.ticket == 0 {
		return 0
	}
	return max(0, s.held.remaining(now))
}

func (c *counters) status(f Field) int64 {
	switch f {
	case StatusStarts:
		return c.starts
	case StatusInstalls:
		return c.installs
	case StatusFailures:
		return c.failures
	case StatusTimeOuts:
		return c.timeOuts
	case StatusUnknownTickets:
		return c.unknown
	case StatusLateAnswers:
		return c.late
	case StatusNoProgress:
		return c.noProgress
	case StatusRejections:
		return c.rejected
	}
	return -1
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
