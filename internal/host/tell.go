package host

import (
	"time"

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
	Share     = "share"
	Close     = "close"
)

// Event is something that happened in a session. The fields that its kind does not
// name are zero.
type Event struct {
	Kind      string
	At        int64      // milliseconds by the wall clock
	Cause     core.Cause // Start, Refresh, Failed, Degraded: why the refresh began
	Remaining int64      // Refresh, Degraded: milliseconds, or core.Never
	Failure   *Failure   // Failed, Degraded
	Waited    bool       // Failed: callers were waiting for the attempt
	All       bool       // Rejection: for all callers, not for one
	Spaced    bool       // Rejection: again so soon that the next refresh is put off
	Message   string     // Warning
	Step      string     // Share: what sharing has come to
	Trouble   string     // Share, of a store that failed: why, as in words.StoreTroubles
	Facts
}

// Facts are what every event, record of the log and status tells.
type Facts struct {
	Expiry      time.Time // of the held set; zero: there is none
	NextAttempt time.Time // zero: at once
}

// Line is a line of the log.
type Line struct {
	Level   words.Level
	Text    string
	Phase   core.Phase
	Failure *Failure // nil: it is about none
	Cause   core.Cause
	Facts
}

// Facts reads what a machine tells of its session. The lock is held.
func (h *Host) Facts(now core.Now) (f Facts) {
	read := func(field core.Field) int64 {
		n, _ := h.Machine.Status(field, now) // a fault of the module is told elsewhere
		return n
	}
	if left := read(core.StatusRemaining); read(core.StatusSet) != 0 && left < core.Never {
		f.Expiry = time.UnixMilli(now.Wall + left)
	}
	if hold := read(core.StatusHoldOff); hold > 0 {
		f.NextAttempt = time.UnixMilli(now.Wall + hold)
	}
	return f
}

// tellOf tells of a decision, in the order of docs/reference/host.md. The lock is held.
func (h *Host) tellOf(d core.Decision, now core.Now) {
	if h.Tell == nil && h.Log == nil || d.Notes == 0 && d.Started == 0 {
		return
	}
	noted := func(n core.Note) bool { return d.Notes&n != 0 }
	var failure *Failure
	cause := h.causeOf(d.Held)
	if noted(core.NoteFailed | core.NoteFailedQuietly | core.NoteDegraded) {
		failure, _ = h.LastFailure(now)
		ticket, _ := h.Machine.Status(core.StatusLastTicket, now)
		cause = h.causeOf(ticket)
	}
	facts := h.Facts(now)
	left := func() int64 {
		ms, _ := h.Machine.Status(core.StatusRemaining, now)
		return ms
	}
	tell := func(e Event) { e.At, e.Facts = now.Wall, facts; h.tell(e) }
	if noted(core.NoteReported) {
		tell(Event{Kind: Rejection, Spaced: noted(core.NoteSpaced)})
	}
	if noted(core.NoteRejected) {
		tell(Event{Kind: Rejection, All: true, Spaced: noted(core.NoteSpaced)})
	}
	if failure != nil && noted(core.NoteFailed|core.NoteFailedQuietly) {
		tell(Event{Kind: Failed, Cause: cause, Failure: failure, Waited: noted(core.NoteFailed)})
	}
	if noted(core.NoteDegraded) {
		tell(Event{Kind: Degraded, Cause: cause, Failure: failure, Remaining: left()})
	}
	for _, s := range words.ShareSteps {
		if noted(s.Note) {
			e := Event{Kind: Share, Step: s.Name}
			if s.Note == core.NoteStoreFailed {
				e.Trouble = h.trouble
			}
			tell(e)
		}
	}
	if noted(core.NoteInstalled | core.NoteLateInstalled) {
		tell(Event{Kind: Refresh, Cause: h.causeOf(d.Held), Remaining: left()})
	}
	if noted(core.NoteWindowsShrunk) {
		tell(Event{Kind: Warning, Message: textOf(core.NoteWindowsShrunk)})
	}
	if d.Started != 0 {
		tell(Event{Kind: Start, Cause: d.StartCause})
	}
	h.log(d, Line{Phase: d.Phase, Failure: failure, Cause: cause, Facts: facts})
}

// textOf is what the log says of a note.
func textOf(note core.Note) string {
	for _, l := range words.Lines {
		if l.Note == note {
			return words.In(words.Here, l.Text)
		}
	}
	return ""
}

func (h *Host) tell(e Event) {
	if h.Tell != nil {
		h.Tell(e)
	}
}

func (h *Host) log(d core.Decision, line Line) {
	if h.Log == nil {
		return
	}
	for _, l := range words.Lines {
		if d.Notes&l.Note != 0 {
			line.Level, line.Text = l.Level, words.In(words.Here, l.Text)
			if l.Note == core.NoteStoreFailed {
				line.Text += ": " + words.StoreTroubleText(words.Here, h.trouble)
			}
			h.Log(line)
		}
	}
}
