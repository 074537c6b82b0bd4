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
	StatusIsRejected                      // 1: a service rejected the held set
	StatusNextWake                        // as Decision.NextWake
	StatusIsClosed                        // 1: closed
	StatusStarts                          // counter: flights started
	StatusInstalls                        // counter: sets installed
	StatusFailures                        // counter: attempts failed, time-outs included
	StatusTimeOuts                        // counter: flights timed out
	StatusUnknownTickets                  // counter: answers for no known flight
	StatusLateAnswers                     // counter: answers after the time-out
	StatusNoProgress                      // counter: replies without progress
	StatusRejections                      // counter: sets rejected

	statusEnd
)
