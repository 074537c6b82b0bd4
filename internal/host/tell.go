package host

import (
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
)

// The kinds of events.
const (
	Start     = "start"
	Refresh   = "refresh"
	Failed    = "failure"
	Rejection = "rejection"
	Degraded  = "degraded"
	Warning   = "warning"
	Close     = "close"
)

// Event is something that happened in a session. The fields that its kind does not
// name are zero.
type Event struct {
	Kind      string
	At        int64      // milliseconds by the wall clock
	Cause     core.Cause // Start
	Remaining int64      // Refresh, Degraded: milliseconds, or core.Never
	Failure   *Failure   // Failed
	Waited    bool       // Failed: callers were waiting for the attempt
	All       bool       // Rejection: for all callers, not for one
	Spaced    bool       // Rejection: again so soon that the next refresh is put off
	Message   string     // Warning
}

// Line is a line of the log.
type Line struct {
	Level   words.Level
	Text    string
	Phase   core.Phase
	Failure *Failure // nil: it is about none
}

// tellOf tells of a decision, in the order of docs/HOST.md. The lock is held.
func (h *Host) tellOf(d core.Decision, now core.Now) {
	if h.Tell == nil && h.Log == nil {
		return
	}
	noted := func(n core.Note) bool { return d.Notes&n != 0 }
	var failure *Failure
	if noted(core.NoteFailed | core.NoteFailedQuietly) {
		failure, _ = h.LastFailure(now)
	}
	left := func() int64 {
		ms, _ := h.Machine.Status(core.StatusRemaining, now)
		return ms
	}
	tell := func(e Event) { e.At = now.Wall; h.tell(e) }
	if noted(core.NoteReported) {
		tell(Event{Kind: Rejection, Spaced: noted(core.NoteSpaced)})
	}
	if noted(core.NoteRejected) {
		tell(Event{Kind: Rejection, All: true, Spaced: noted(core.NoteSpaced)})
	}
	if failure != nil {
		tell(Event{Kind: Failed, Failure: failure, Waited: noted(core.NoteFailed)})
	}
	if noted(core.NoteDegraded) {
		tell(Event{Kind: Degraded, Remaining: left()})
	}
	if noted(core.NoteInstalled | core.NoteLateInstalled) {
		tell(Event{Kind: Refresh, Remaining: left()})
	}
	if noted(core.NoteWindowsShrunk) {
		tell(Event{Kind: Warning, Message: textOf(core.NoteWindowsShrunk)})
	}
	if d.Started != 0 {
		tell(Event{Kind: Start, Cause: d.StartCause})
	}
	h.log(d, failure)
}

// textOf is what the log says of a note.
func textOf(note core.Note) string {
	for _, l := range words.Lines {
		if l.Note == note {
			return words.In(words.Go, l.Text)
		}
	}
	return ""
}

func (h *Host) tell(e Event) {
	if h.Tell != nil {
		h.Tell(e)
	}
}

func (h *Host) log(d core.Decision, failure *Failure) {
	if h.Log == nil {
		return
	}
	for _, l := range words.Lines {
		if d.Notes&l.Note != 0 {
			h.Log(Line{l.Level, words.In(words.Go, l.Text), d.Phase, failure})
		}
	}
}
