package evercreds

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
)

// EventKind says what has happened. The comments name the fields of [Event] that go with
// a kind.
type EventKind string

// The kinds of events.
const (
	EventStart     EventKind = host.Start     // a refresh began: Cause
	EventRefresh   EventKind = host.Refresh   // new credentials are held: Cause, Remaining
	EventFailure   EventKind = host.Failed    // a refresh failed: Cause, Err, ErrorCode, ErrorClass, AWSErrorCode, Waited
	EventRejection EventKind = host.Rejection // the credentials were rejected: Scope, Spaced
	EventDegraded  EventKind = host.Degraded  // callers waited for a refresh that failed, and keep the held credentials: as of a failure, and Remaining
	EventWarning   EventKind = host.Warning   // no error, but worth to know, as windows that do not fit the lifetime: Message
	EventShare     EventKind = host.Share     // what sharing with other processes has come to: Share, Reason
	EventClose     EventKind = host.Close     // the session was closed; the last event
)

// Event is something that happened in a session. It contains no secret. The fields that
// do not go with its kind are zero.
type Event struct {
	Kind EventKind
	At   time.Time // by the local wall clock, to the millisecond

	// Every event has these, as far as they are known. Records of [WithLogger] have them
	// as attributes, and [Status] has them too.

	SessionName string    // RoleSessionName of [NewSTS], the thing's name of [NewIoT]
	Role        string    // the role's ARN, the role alias, or the name of the function or the source's type
	Expiry      time.Time // of the held credentials; zero: they have none, or none are held
	NextAttempt time.Time // when the next attempt may start; zero: at once

	Cause        Cause         // why the refresh began
	Remaining    time.Duration // time left until the expiry; [Forever]: there is none
	Err          *Error        // why the refresh failed
	ErrorCode    Code          // Err.Code
	ErrorClass   Class         // Err.Class
	AWSErrorCode string        // Err.AWSErrorCode: "AccessDenied", "Throttling", "network"
	Waited       bool          // callers waited for the refresh that failed
	Scope        Scope         // whom a rejection concerns
	Spaced       bool          // new credentials keep being rejected, so that the next refresh is delayed
	Message      string        // the text of a warning
	Share        string        // what sharing has come to: "led", "followed", "adopted" and so on; docs/reference/abi.md has the table
	Reason       string        // of Share "store_failed": "timeout", "store", "record", "key" or "principal"
	// Missed counts the events that were dropped before this one. A session keeps 1024
	// for a slow hook.
	Missed int
}

// Scope says whom a rejection of the credentials concerns.
type Scope string

// The scopes.
const (
	ScopeCaller Scope = "caller" // a service rejected them for one client; the others keep them
	ScopeAll    Scope = "all"    // [Session.Invalidate] gave them up for all
)

// Cause says why a refresh began.
type Cause core.Cause

// The causes.
const (
	CauseFirst     Cause = Cause(core.CauseFirst)     // there are no credentials yet
	CauseAdvisory  Cause = Cause(core.CauseAdvisory)  // the advisory window was reached
	CauseMandatory Cause = Cause(core.CauseMandatory) // the mandatory window was reached, or the credentials have expired
	CauseRejected  Cause = Cause(core.CauseRejected)  // the credentials were invalidated for all callers
	CauseForced    Cause = Cause(core.CauseForced)    // [Session.Refresh] was called
	CauseIdle      Cause = Cause(core.CauseIdle)      // the session is eager, and nobody asks
	CauseMinTTL    Cause = Cause(core.CauseMinTTL)    // a caller's [MinTTL] is more than the time left
	CauseDegraded  Cause = Cause(core.CauseDegraded)  // a refresh that callers waited for has failed; nobody waits for this one
	CauseReported  Cause = Cause(core.CauseReported)  // a service rejected the credentials for one caller
)

// String returns "first", "advisory", "mandatory", "rejected", "forced", "idle",
// "min_ttl", "degraded" or "reported".
func (c Cause) String() string { return words.Cause(core.Cause(c)) }

// WithEvents calls hook with each [Event] of the session, for metrics and the like. The
// calls come one after the other, in the order of the events and a little after them, from
// a goroutine of the session's. No caller and no refresh waits for hook, which may use
// the session. If hook panics, the session logs that ([WithLogger]) and goes on.
//
// [Session.Close] waits a second at most until hook has had the last event; a hook that
// calls Close itself takes that second. Default, and for nil: no events.
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
		Waited: e.Waited, Spaced: e.Spaced, Message: e.Message, Share: e.Step, Reason: e.Trouble, Expiry: e.Expiry, NextAttempt: e.NextAttempt,
	}
	if e.Failure != nil {
		told.Err = errorOf(*e.Failure)
		told.ErrorCode, told.ErrorClass, told.AWSErrorCode = told.Err.Code, told.Err.Class, told.Err.AWSErrorCode
	}
	if told.Kind == EventRejection {
		told.Scope = ScopeCaller
		if e.All {
			told.Scope = ScopeAll
		}
	}
	s.push(told)
	if told.Kind == EventClose {
		s.hook.stop()
	}
}

// warned queues a warning of what is no event of the machine's.
func (s *Session) warned(text string) {
	if s.hook != nil {
		f := s.facts()
		s.push(Event{
			Kind: EventWarning, At: time.UnixMilli(s.host.Clock().Wall), Message: text, Expiry: f.Expiry, NextAttempt: f.NextAttempt,
		})
	}
}

func (s *Session) push(e Event) {
	e.SessionName, e.Role = s.host.SessionName, s.host.Role
	s.hook.push(e)
}
