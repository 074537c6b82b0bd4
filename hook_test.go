//go:build go1.25

package evercreds_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
)

// told collects events in words.
type told struct {
	mu     sync.Mutex
	events []string
}

func (l *told) hook(e evercreds.Event) {
	words := []string{string(e.Kind)}
	if e.Kind == evercreds.EventStart {
		words = append(words, e.Cause.String())
	}
	if e.Remaining != 0 {
		words = append(words, e.Remaining.String())
	}
	if e.Kind == evercreds.EventFailure {
		words = append(words, fmt.Sprintf("%q waited=%v", e.Err.Err, e.Waited))
	}
	if e.Scope != "" {
		words = append(words, "of", string(e.Scope))
	}
	if e.Spaced {
		words = append(words, "spaced")
	}
	if e.Message != "" {
		words = append(words, e.Message)
	}
	if e.Missed != 0 {
		words = append(words, fmt.Sprintf("missed=%d", e.Missed))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, strings.Join(words, " "))
}

// take gives the events since the last time, one on a line.
func (l *told) take() string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.Join(l.events, "\n")
	l.events = nil
	return text
}

func (l *told) want(t *testing.T, want ...string) {
	t.Helper()
	if got := l.take(); got != strings.Join(want, "\n") {
		t.Errorf("told:\n%s\nwant:\n%s", got, strings.Join(want, "\n"))
	}
}

func TestEventsOfIdleSessionsAndOfWindowsThatDoNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &told{}
		s := open(t, &vault{}, evercreds.WithEvents(log.hook), evercreds.WithEager(), evercreds.WithAdvisoryTimeout(2*time.Hour))
		defer s.Close()
		log.want(t, "start idle", "refresh 1h0m0s", "warning the advisory timeout and the mandatory timeout are too long for the credentials' lifetime; shorter ones are in force")
		time.Sleep(time.Hour)
		if text := log.take(); !strings.HasPrefix(text, "start idle\nrefresh ") {
			t.Errorf("told:\n%s", text)
		}
	})
}

// Callers and refreshes do not wait for a hook, and Close for a second at most.
func TestSlowHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		log := &told{}
		s := open(t, &vault{}, evercreds.WithEvents(func(e evercreds.Event) {
			<-release
			log.hook(e)
		}))
		for want := int64(1); want <= 700; want++ {
			wantKey(t, s, want, 0)
			time.Sleep(51 * time.Minute)
		}
		start := time.Now()
		s.Close()
		if d := time.Since(start); d != time.Second {
			t.Errorf("Close took %v", d)
		}
		close(release)
		all := strings.Split(log.take(), "\n")
		// 1401 events: one was with the hook, 1024 were kept
		if len(all) != 1025 || all[0] != "start first" || all[1] != "refresh 1h0m0s missed=376" || all[1024] != "close" {
			t.Errorf("%d events: %q, %q ... %q", len(all), all[0], all[1], all[len(all)-1])
		}
	})
}

func TestHookThatPanicsOrEndsItsGoroutine(t *testing.T) {
	for name, die := range map[string]func(){"panic": func() { panic("sentinel-secret") }, "exit": runtime.Goexit} {
		synctest.Test(t, func(t *testing.T) {
			var text buffer
			log := &told{}
			s := open(t, &vault{}, evercreds.WithLogger(slog.New(slog.NewTextHandler(&text, nil))),
				evercreds.WithEvents(func(e evercreds.Event) {
					log.hook(e)
					die()
				}))
			wantKey(t, s, 1, 0)
			s.Close()
			log.want(t, "start first", "refresh 1h0m0s", "close")
			said := text.String()
			if strings.Contains(said, "sentinel") || strings.Contains(said, "panicked") != (name == "panic") {
				t.Errorf("%s: the log:\n%s", name, said)
			}
		})
	}
}

// No lock of the session's is held while the hook runs.
func TestHookMayUseTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *evercreds.Session
		opened, served, got := make(chan struct{}), make(chan struct{}), make(chan string, 8)
		v := &vault{latency: time.Second}
		s = open(t, v, evercreds.WithEvents(func(e evercreds.Event) {
			<-opened
			c, _ := s.Retrieve(context.Background()) // waits for the refresh that it is told of
			got <- string(e.Kind) + " " + c.AccessKeyID + " " + s.Status().Phase.String()
			if e.Kind == evercreds.EventRefresh {
				<-served
				s.Close()
			}
		}))
		close(opened)
		wantKey(t, s, 1, time.Second)
		close(served)
		for _, want := range []string{"start KEY1 fresh", "refresh KEY1 fresh", "close  empty"} {
			if text := <-got; text != want {
				t.Errorf("got %q, want %q", text, want)
			}
		}
	})
}

// A source that fails tells its reason to the hook, and no secret.
func TestEventsHaveNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, shown := &vault{}, &buffer{}
		v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
			r := v.set(v.calls.Load(), time.Now())
			r.AccessKeyID, r.SecretAccessKey, r.SessionToken = sentinelKey, sentinelSecret, sentinelToken
			r.Expires = time.Now().Add(-time.Hour * time.Duration(v.calls.Load()%2*2-1))
			return r, nil
		}
		s := open(t, v, evercreds.WithEvents(func(e evercreds.Event) { _, _ = fmt.Fprintf(shown, "%v %+v %#v\n", e, e, e) }))
		_, _ = s.Retrieve(t.Context())
		time.Sleep(10 * time.Second)
		if _, err := s.Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if text := shown.String(); strings.Contains(strings.ToLower(text), "sentinel") || !strings.Contains(text, "failure") || !strings.Contains(text, "refresh") {
			t.Error(text)
		}
	})
}
