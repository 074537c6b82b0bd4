package evercreds

import (
	"context"
	"log/slog"

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
	{core.NoteRejected, slog.LevelWarn, "a service rejected the credentials"},
	{core.NoteSpaced, slog.LevelWarn, "credentials are rejected as fast as they come; the next refresh is put off"},
	{core.NoteWindowsShrunk, slog.LevelWarn, windowsShrunk},
	{core.NoteWrittenOff, slog.LevelWarn, "a refresh that had timed out was given up for lost"},
	{core.NoteDegraded, slog.LevelWarn, "a required refresh failed; going on with the credentials held"},
}

// note logs what an event brought.
func (s *Session) note(r reply) {
	if s.log == nil || r.Notes == 0 {
		return
	}
	attrs := []slog.Attr{slog.String("phase", Phase(r.Phase).String())}
	if r.failed != nil {
		attrs = append(attrs, slog.String("error", r.failed.Error()))
	}
	for _, n := range notes {
		if r.Notes&n.note != 0 {
			s.log.LogAttrs(context.Background(), n.level, "evercreds: "+n.text, attrs...)
		}
	}
}

// warn tells of what is no event of the machine's, to the logger and the hook.
func (s *Session) warn(text string, attrs ...slog.Attr) {
	if s.log != nil {
		s.log.LogAttrs(context.Background(), slog.LevelWarn, "evercreds: "+text, attrs...)
	}
	s.tellAt(s.now(), Event{Kind: EventWarning, Message: text})
}
