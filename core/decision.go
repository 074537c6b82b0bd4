package core

// Kind says what a caller is to do.
type Kind int32

// The kinds of a Decision. Only Ask and Force give Refresh; Answer gives Serve,
// Wait or Error; events that no caller waits for give None.
const (
	None            Kind = iota // nothing to tell a caller
	Serve                       // use the set, until the lease ends
	ServeAndRefresh             // use the set; the host runs the started flight in the background
	RefreshInline               // run the started flight, then Answer: the new set, or the old one
	Refresh                     // run the started flight, wait for it, then Answer
	Wait                        // wait for the flight under way; without a ticket: until Deadline or a Void, then Ask
	Error                       // fail now; the source is not contacted before RetryAt
)

// Flag is a bit of Decision.Flags.
type Flag int64

// The flags of a Decision.
const (
	Degraded     Flag = 1 << iota // a required refresh failed, and the set stays in use
	Expired                       // the set is served past its expiry (stability "static" only)
	HeldOff                       // an attempt was due, and a hold-off prevented it
	FlightFailed                  // Answer: the flight asked about failed, and the held set is served
	Endless                       // the set has no expiry
)

// Code names the reason of an Error decision. Codes are append-only.
type Code int32

// The reasons of an Error decision.
const (
	CodeNone          Code = iota
	CodeSource             // the source failed; ErrorTicket names the attempt
	CodeTimedOut           // no answer by the flight's deadline
	CodeAbandoned          // the host's attempt ended without an answer
	CodeMalformed          // the reply could not be used
	CodeExpiredReply       // the reply had already expired
	CodeStillRejected      // the reply brought a set that had been rejected
	CodeNoProgress         // the reply expires no later than the expired set that is held
	CodeRejected           // the set was rejected, and there is no other yet
	CodeMinTTL             // the set has less time left than this caller needs
	CodeClosed             // the session is closed
	CodeShareBusy          // exclusive: another session has had the turn all the time
	CodeShareLock          // exclusive: the store cannot give a turn
)

// Class says whether a failure can pass by itself.
type Class int32

// The classes of failure.
const (
	ClassNone   Class = iota
	Recoverable       // network, 5xx, time-outs, malformed replies: try again later
	Permanent         // access denied and its kin: trying again will not help
	Throttled         // what a source reports; recoverable, and it asked for a pause
)

// Cause says why a flight was started.
type Cause int32

// The causes of a flight.
const (
	CauseNone      Cause = iota
	CauseFirst           // nothing is held
	CauseAdvisory        // the advisory window was reached
	CauseMandatory       // the mandatory window was reached, or the set has expired
	CauseRejected        // the set was invalidated
	CauseForced          // the user asked for it
	CauseIdle            // an eager session refreshes without a caller
	CauseMinTTL          // a caller needs more time than is left
	CauseDegraded        // a required refresh failed earlier; nobody waits for this one
	CauseReported        // a service refused the set to one caller
)

// Phase is where a set stands in its life: a pure function of set and time.
type Phase int32

// The phases.
const (
	PhaseEmpty Phase = iota
	PhaseFresh
	PhaseAdvisory
	PhaseMandatory
	PhaseExpired
)

// Note is a bit of Decision.Notes: what happened, for logs and counters.
type Note int64

// The notes. They are append-only.
const (
	NoteInstalled         Note = 1 << iota // a new set is held
	NoteFailed                             // an attempt failed while somebody waited
	NoteFailedQuietly                      // an attempt failed while nobody waited
	NoteTimedOut                           // a flight passed its deadline
	NoteLateInstalled                      // a late answer brought the set now held
	NoteLateIgnored                        // a late answer was ignored
	NoteUnknownTicket                      // an answer for an unknown flight
	NoteNoProgress                         // the reply expires no later than what is held
	NoteReanchored                         // the same set, with more time left by the server's clock
	NoteRejected                           // the held set was invalidated for all callers
	NoteInvalidateIgnored                  // an Invalidate that does not name the held set
	NoteSpaced                             // a new set was rejected at once: the next attempt is delayed
	NoteWindowsShrunk                      // explicit windows did not fit the lifetime (once per session)
	NoteWrittenOff                         // a timed-out attempt is considered lost
	NoteDegraded                           // a required refresh failed, and the held set stays in use
	NoteReported                           // a service refused the held set to one caller
	NoteAdopted                            // the new set is one that another session fetched
	NoteLed                                // this session has the turn
	NoteFollowed                           // another has the turn, and the flight waits for its set
	NoteTookOver                           // the turn before ended without a set and without a notice
	NotePublished                          // the new set is in the store
	NotePublishRefused                     // the store has a newer set
	NoteStoreFailed                        // the store failed; it is left alone for a while
	NoteStoreBack                          // the store answers again
	NoteAlone                              // a flight without a turn
	NoteHeldByNotice                       // another's attempt failed, and a flight that nobody waits for is held off
)

// Decision is the answer to every event. A ticket of 0 means none; instants
// that do not exist are [Never].
type Decision struct {
	Kind  Kind
	Flags Flag
	Code  Code  // Error: the reason
	Class Class // Error: the class of the failure

	Ticket       int64 // the flight to run or to wait for
	Set          int64 // the set to serve, by the ticket that brought it
	LeaseElapsed int64 // the set may be handed out without asking until here, on the elapsed clock
	LeaseWall    int64 // the same on the wall clock; a lease ends with the earlier of both
	Expiry       int64 // the served set's expiry on the local wall clock
	Deadline     int64 // Refresh, Wait: the flight's deadline on the elapsed clock; Wait without a flight: when to ask again
	RetryAt      int64 // Error: no attempt before here, on the elapsed clock
	ErrorTicket  int64 // Error: the attempt whose failure this is
	Epoch        int64 // leases of an older epoch are void

	Started       int64 // effect: run this flight
	StartCause    Cause // why
	StartDeadline int64 // when it times out, on the elapsed clock
	Settled       int64 // effect: wake the waiters of this flight
	Cancelled     int64 // effect: this flight timed out or was closed; end it if that is possible
	NextWake      int64 // effect: call Wake at this instant of the elapsed clock; Never: no need
	Phase         Phase // the phase after the event
	Notes         Note

	// Until: Refresh, RefreshInline, Wait: the Need.Until of this caller's next
	// call; 0: none was given.
	Until int64

	Held int64 // effect: the set that is held after the event, by its ticket; the host keeps no other; 0 once the session is closed
	Void int64 // effect, 1 or 0: drop the lease, and wake those who wait without a flight

	Share        Share // effect: make this call of the store, and report it once
	ShareCall    int64 // its number, which the report names; of the same series as tickets
	ShareUntil   int64 // it counts as failed from here on, on the elapsed clock
	ShareNumber  int64 // campaign: the highest number seen; publish: the generation; resign: the turn's number
	ShareSet     int64 // publish: the set, by its ticket
	ShareSpan    int64 // campaign: the turn's length; publish: the time that the set has left; resign: the notice's length
	ShareNotice  int64 // resign: the failure to leave a notice of, as in Found.Notice; 0: none
	ReplacesHigh int64 // publish: the fingerprint of the refused set in whose place this one is: its high 32 bits
	ReplacesLow  int64 // and its low ones
}
