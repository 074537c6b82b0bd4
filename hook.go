package evercreds

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
)

// EventKind is what an [Event] tells of.
type EventKind string

// The kinds of events.
const (
	EventStart     EventKind = host.Start     // a refresh began: Cause
	EventRefresh   EventKind = host.Refresh   // new credentials are held: Remaining
	EventFailure   EventKind = host.Failed    // a refresh failed: Err, Waited
	EventRejection EventKind = host.Rejection // the credentials were refused: Scope, Spaced
	EventDegraded  EventKind = host.Degraded  // a refresh that callers waited for failed, and what is held is served on: Remaining
	EventWarning   EventKind = host.Warning   // something that is no error, such as windows that do not fit the lifetime: Message
	EventClose     EventKind = host.Close     // the session was closed; the last event
)

// Event is something that happened in a session. Nothing in it is secret. The
// fields that its kind does not name are zero.
type Event struct {
	Kind      EventKind
	At        time.Time     // by the wall clock, at a resolution of a millisecond
	Cause     Cause         // why a refresh began
	Remaining time.Duration // time left then; Forever for a set without expiry
	Err       *Error        // why a refresh failed
	Waited    bool          // callers were waiting for the refresh that failed
	Scope     Scope         // whom a rejection concerns
	Spaced    bool          // rejected again so soon that the next refresh is put off
	Message   string
	// Missed counts the events before this one that were left out, because the
	// hook is more than a thousand events behind.
	Missed int
}

// Scope says whom a rejection of the credentials concerns.
type Scope string

// The scopes.
const (
	ScopeCaller Scope = "caller" // a service refused them to one client; the others go on with them
	ScopeAll    Scope = "all"    // Invalidate gave them up
)

// Cause is why a refresh began.
type Cause core.Cause

// Why a refresh began.
const (
	CauseFirst     Cause = Cause(core.CauseFirst)     // nothing is held
	CauseAdvisory  Cause = Cause(core.CauseAdvisory)  // the advisory window was reached
	CauseMandatory Cause = Cause(core.CauseMandatory) // the mandatory window was reached, or the credentials have expired
	CauseRejected  Cause = Cause(core.CauseRejected)  // a service rejected the credentials
	CauseForced    Cause = Cause(core.CauseForced)    // Refresh was called
	CauseIdle      Cause = Cause(core.CauseIdle)      // a session that does not defer refreshes, with nobody asking
	CauseMinTTL    Cause = Cause(core.CauseMinTTL)    // a caller needs more time than is left
	CauseDegraded  Cause = Cause(core.CauseDegraded)  // a refresh that was waited for failed earlier; nobody waits for this one
	CauseReported  Cause = Cause(core.CauseReported)  // a service refused the credentials to one caller
)

// String is "first", "advisory", "mandatory", "rejected", "forced", "idle",
// "min_ttl", "degraded" or "reported".
func (c Cause) String() string { return words.Cause(core.Cause(c)) }

// WithEvents calls hook with each [Event] of the session: for metrics, say. The
// calls come one after the other, in the order of the events and a little after
// them, from a goroutine of the session's; no caller and no refresh waits for
// them, and hook may use the session. A panic in hook is logged where there is a
// logger, and the next event comes all the same.
//
// [Session.Close] waits up to a second for hook to have had the last event, so a
// hook that calls Close takes that second. Default, and with nil: no events.
func WithEvents(hook func(Event)) Option {
	return func(s *settings) { s.hook = hook }
}

// openHook names only the type of a panic in hook: its value may hold anything.
func (s *Session) openHook(hook func(Event), config *host.Config) {
	if hook == nil {
		return
	}
	config.Tell = s.tell
	s.hook = newQueue(func(e Event, missed int) {
		defer func() {
			if p := recover(); p != nil {
				s.write(slog.LevelError, "the hook of WithEvents panicked",
					slog.String("event", string(e.Kind)), slog.String("panic", fmt.Sprintf("%T", p)))
			}
		}()
		e.Missed = missed
		hook(e)
	})
}

// tell queues an event for the hook, under the session's lock: in the order in which
// things happened.
func (s *Session) tell(e host.Event) {
	told := Event{
		Kind: EventKind(e.Kind), At: time.UnixMilli(e.At), Cause: Cause(e.Cause), Remaining: spanOf(e.Remaining),
		Waited: e.Waited, Spaced: e.Spaced, Message: e.Message,
	}
	if e.Failure != nil {
		told.Err = errorOf(*e.Failure)
	}
	if told.Kind == EventRejection {
		told.Scope = ScopeCaller
		if e.All {
			told.Scope = ScopeAll
		}
	}
	s.hook.push(told)
	if told.Kind == EventClose {
		s.hook.stop()
	}
}

// warned queues a warning of what is no event of the machine's.
func (s *Session) warned(text string) {
	if s.hook != nil {
		s.hook.push(Event{Kind: EventWarning, At: time.UnixMilli(s.host.Clock().Wall), Message: text})
	}
}
