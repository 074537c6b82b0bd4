//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
)

// handler is a log handler of the user's, with something to do in one method.
type handler struct {
	in   string
	do   func()
	text *buffer
}

func (h handler) when(in string) {
	if h.in == in {
		h.do()
	}
}

func (h handler) Enabled(context.Context, slog.Level) bool { h.when("Enabled"); return true }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	_ = slog.NewTextHandler(h.text, nil).Handle(ctx, r)
	h.when("Handle")
	return errors.New("the disk is full")
}

func (h handler) WithAttrs([]slog.Attr) slog.Handler { h.when("WithAttrs"); return h }
func (h handler) WithGroup(string) slog.Handler      { h.when("WithGroup"); return h }

// log handler panics, or ends its goroutine; source fails; caller A asks.
func TestLogHandlerThatDies(t *testing.T) {
	for _, in := range []string{"Enabled", "Handle", "WithAttrs", "WithGroup", "no method"} {
		for name, die := range map[string]func(){"panic": func() { panic("sentinel-secret") }, "exit": runtime.Goexit} {
			synctest.Test(t, func(t *testing.T) {
				v, log, h := &vault{}, &told{}, handler{in, die, &buffer{}}
				s := open(t, v, evercreds.WithEvents(log.hook), evercreds.WithLogger(slog.New(h)))
				wantKey(t, s, 1, 0)
				v.err = errors.New("outage")
				_, _ = s.Refresh(t.Context())
				synctest.Wait()
				s.Close()
				events := log.take()
				if told := strings.Contains(events, "logger panicked with a string"); told != (name == "panic" && (in == "Enabled" || in == "Handle")) {
					t.Errorf("%s in %s: the hook was told\n%s", name, in, events)
				}
				if lines := h.text.String(); in != "Enabled" && (!strings.Contains(lines, "new credentials") || !strings.Contains(lines, "outage")) {
					t.Errorf("%s in %s: not all lines came:\n%s", name, in, lines)
				}
			})
		}
	}
	s := open(t, &vault{}, evercreds.WithLogger(new(slog.Logger))) // it has no handler
	if _, err := s.Retrieve(t.Context()); err != nil {
		t.Error(err)
	}
	s.Close()
}

// log handler does not return; callers ask; the session refreshes by itself and is
// closed: nobody waits, and late lines have the time at which things happened.
func TestLogHandlerThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		h := handler{"Handle", func() { <-release }, &buffer{}}
		begun := time.Now()
		s := open(t, &vault{}, evercreds.WithLogger(slog.New(h)), evercreds.WithEager())
		for want := int64(1); want <= 5; want++ {
			synctest.Wait()
			wantKey(t, s, want, 0)
			c, err := s.Refresh(t.Context())
			if want++; err != nil || c.AccessKeyID != key(want) {
				t.Fatalf("got %s, %v", c.AccessKeyID, err)
			}
			time.Sleep(46 * time.Minute)
		}
		start := time.Now()
		s.Close()
		if d := time.Since(start); d != time.Second {
			t.Errorf("Close took %v", d)
		}
		close(release)
		synctest.Wait()
		lines := h.text.String()
		if n := strings.Count(lines, "new credentials"); n != 7 || strings.Count(lines, "time="+begun.Format("2006-01-02T15:04:05")) != 2 {
			t.Errorf("%d lines:\n%s", n, lines)
		}
	})
}

// A handler that sends lines to a service signs with the session's credentials.
func TestLogHandlerMayUseTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *evercreds.Session
		var all sync.WaitGroup
		ready := make(chan struct{})
		h := handler{"Handle", func() {
			<-ready
			if c, err := s.Retrieve(context.Background()); err != nil || c.AccessKeyID == "" {
				t.Errorf("got %v", err)
			}
			all.Done()
		}, &buffer{}}
		all.Add(1)
		s = open(t, &vault{}, evercreds.WithLogger(slog.New(h)), evercreds.WithEager())
		close(ready)
		all.Wait()
		s.Close()
	})
}
