package evercreds

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/evercreds/evercreds/core"
)

const windowsShrunk = "the windows did not fit the lifetime, and were shrunk"

var notes = []struct {
	note  core.Note
	level slog.Level
	text  string
}{
	{core.NoteInstalled, slog.LevelInfo, "new credentials"},
	{core.NoteFailed, slog.LevelWarn, "refresh failed"},
	{core.NoteFailedQuietly, slog.LevelWarn, "refresh failed; the credentials held are good for now"},
	{core.NoteTimedOut, slog.LevelWarn, "refresh timed out"},
	{core.NoteLateInstalled, slog.LevelInfo, "new credentials, from a refresh that had timed out"},
	{core.NoteLateIgnored, slog.LevelInfo, "a late answer was of no use"},
	{core.NoteNoProgress, slog.LevelInfo, "the source brought the credentials that are held"},
	{core.NoteReanchored, slog.LevelInfo, "the credentials held last longer, by the server's clock"},
	{core.NoteRejected, slog.LevelWarn, "the credentials were given up for all callers"},
	{core.NoteReported, slog.LevelWarn, "a service rejected the credentials, for one caller"},
	{core.NoteSpaced, slog.LevelWarn, "credentials are rejected as fast as they come; the next refresh is put off"},
	{core.NoteWindowsShrunk, slog.LevelWarn, windowsShrunk},
	{core.NoteWrittenOff, slog.LevelWarn, "a refresh that had timed out was given up for lost"},
	{core.NoteDegraded, slog.LevelWarn, "a required refresh failed; going on with the credentials held"},
}

// line is what is to be logged. It has nothing but text in it.
type line struct {
	at    time.Time
	pc    uintptr // where it was written
	level slog.Level
	text  string
	attrs []slog.Attr
}

// openLog has lines logged by a goroutine of their own: a handler is the user's, and
// may panic, wait for a network, or need credentials of this session itself.
func (s *Session) openLog(to *slog.Logger) {
	if to == nil {
		return
	}
	panicked := false
	s.log = newQueue(func(l line, missed int) {
		defer func() {
			if p := recover(); p != nil && !panicked {
				panicked = true // told once, or a hook that panics too would never end
				s.tellAt(s.now(), Event{Kind: EventWarning, Message: fmt.Sprintf("the handler of the logger panicked with a %T", p)})
			}
		}()
		handler := to.Handler()
		if !handler.Enabled(context.Background(), l.level) {
			return
		}
		record := slog.NewRecord(l.at, l.level, "evercreds: "+l.text, l.pc)
		record.AddAttrs(l.attrs...)
		if missed > 0 {
			record.AddAttrs(slog.Int("missed", missed))
		}
		_ = handler.Handle(context.Background(), record)
	})
}

// write queues a line.
func (s *Session) write(level slog.Level, text string, attrs ...slog.Attr) {
	if s.log == nil {
		return
	}
	var pc [1]uintptr
	runtime.Callers(2, pc[:])
	s.log.push(line{time.Now(), pc[0], level, text, attrs})
}

// note logs what an event brought, under the session's lock: in the order in which
// things happened.
func (s *Session) note(r *reply) {
	if s.log == nil || r.Notes == 0 {
		return
	}
	attrs := []slog.Attr{slog.String("phase", Phase(r.Phase).String())}
	if r.failed != nil {
		attrs = append(attrs, slog.String("error", r.failed.Error()))
	}
	for _, n := range notes {
		if r.Notes&n.note != 0 {
			s.write(n.level, n.text, attrs...)
		}
	}
}

// warn tells of what is no event of the machine's, to the logger and the hook.
func (s *Session) warn(text string, attrs ...slog.Attr) {
	s.write(slog.LevelWarn, text, attrs...)
	s.tellAt(s.now(), Event{Kind: EventWarning, Message: text})
}
