package leaks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

// Loggers give both of slog's handlers, at their lowest level, on one buffer.
func Loggers(to *bytes.Buffer) []*slog.Logger {
	all := &slog.HandlerOptions{Level: slog.LevelDebug - 4, AddSource: true}
	return []*slog.Logger{slog.New(slog.NewTextHandler(to, all)), slog.New(slog.NewJSONHandler(to, all))}
}

// Shown is all that a value shows of itself, and so is each error that it wraps:
// by every verb, by itself and as a part of something, in JSON and in logs.
func Shown(value any) string {
	var text bytes.Buffer
	show(&text, value)
	show(&text, struct{ Part any }{value})
	show(&text, []any{value})
	show(&text, map[string]any{"part": value})
	if err, ok := value.(error); ok {
		for _, inner := range wrapped(err) {
			show(&text, inner)
		}
	}
	return text.String()
}

// show leaves out %p and %w: what is no pointer, or no error, fmt prints past its
// methods there, as it does for nothing else, and go vet refuses both.
func show(text *bytes.Buffer, value any) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%T"} {
		_, _ = fmt.Fprintf(text, verb+"\n", value)
	}
	// a cause of other people's may be what no JSON can be made of
	if b, err := json.Marshal(value); err == nil {
		text.Write(append(b, '\n'))
	} else {
		_, _ = fmt.Fprintf(text, "%v\n", err)
	}
	for _, logger := range Loggers(text) {
		logger.Debug("shown", "value", value, slog.Group("group", "value", value))
		logger.With("value", value).Debug("shown")
	}
}

// wrapped are the errors within an error, at any depth.
func wrapped(err error) (all []error) {
	switch err := err.(type) {
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			all = append(append(all, inner), wrapped(inner)...)
		}
	default:
		if inner := errors.Unwrap(err); inner != nil {
			all = append(append(all, inner), wrapped(inner)...)
		}
	}
	return all
}
