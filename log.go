package evercreds

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/host"
)

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
func (s *Session) openLog(to *slog.Logger, config *host.Config) {
	if to == nil {
		return
	}
	config.Log = s.note
	panicked := false
	s.log = newQueue(func(l line, missed int) {
		defer func() {
			if p := recover(); p != nil && !panicked {
				panicked = true // told once, or a hook that panics too would never end
				s.warned(fmt.Sprintf("the handler of the logger panicked with a %T", p))
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
	attrs = append([]slog.Attr{slog.String("session_name", s.host.SessionName), slog.String("role", s.host.Role)}, attrs...)
	s.log.push(line{time.Now(), pc[0], level, text, attrs})
}

var levels = map[words.Level]slog.Level{
	words.Debug: slog.LevelDebug, words.Info: slog.LevelInfo, words.Warning: slog.LevelWarn,
}

// note logs what an event brought, under the session's lock: in the order in which
// things happened.
func (s *Session) note(l host.Line) {
	attrs := []slog.Attr{slog.String("phase", words.Phase(l.Phase))}
	if l.Cause != core.CauseNone {
		attrs = append(attrs, slog.String("cause", words.Cause(l.Cause)))
	}
	if l.Failure != nil {
		attrs = append(attrs,
			slog.String("error_code", host.Reason(l.Failure.Code).Name), slog.String("error_class", words.Class(l.Failure.Class)),
			slog.String("aws_error_code", l.Failure.AWSCode), slog.String("error", errorOf(*l.Failure).Error()))
	}
	s.write(levels[l.Level], l.Text, append(attrs, attrsOf(l.Facts)...)...)
}

func attrsOf(f host.Facts) (attrs []slog.Attr) {
	if !f.Expiry.IsZero() {
		attrs = append(attrs, slog.Time("expiry", f.Expiry))
	}
	if !f.NextAttempt.IsZero() {
		attrs = append(attrs, slog.Time("next_attempt", f.NextAttempt))
	}
	return attrs
}

// warn tells of what is no event of the machine's, to the logger and the hook. It takes
// the session's lock.
func (s *Session) warn(text string, attrs ...slog.Attr) {
	s.write(slog.LevelWarn, text, append(attrs, attrsOf(s.facts())...)...)
	s.warned(text)
}

func (s *Session) facts() (f host.Facts) {
	s.host.Look(func(_ host.Machine, now core.Now) { f = s.host.Facts(now) })
	return f
}
