package wazerohost

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
)

// source fails; callers ask and wait: they share each attempt, and all are served when
// the source is well.
func TestCallersWaitForTheNextAttempt(t *testing.T) {
	rt := newRuntime(t, modules.plain, nil)
	var mu sync.Mutex
	calls := 0
	s := openSession(t, rt, &scripted{func() (hostfuncs.Result, error) {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls < 3 {
			return hostfuncs.Result{}, errors.New("down")
		}
		return hostfuncs.Result{Credentials: hostfuncs.Credentials{
			AccessKeyID: "key", SecretAccessKey: "example", SessionToken: "example", Expires: time.Now().Add(time.Hour),
		}}, nil
	}}, Option{core.OptMaxWait, 60})
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			if _, err := s.Retrieve(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if calls != 3 {
		t.Errorf("%d calls", calls)
	}
}

// caller A waits in a hold-off; the session is closed, or the set comes by hand, or A
// gives up, or A's deadline is nearer than the next attempt: A is freed.
func TestWhatEndsTheWaitInAHoldOff(t *testing.T) {
	for name, c := range map[string]struct {
		patience time.Duration
		end      func(*Session, *source, func())
		want     func(error) bool
	}{
		"closed": {time.Minute, func(s *Session, _ *source, _ func()) { _ = s.Close() }, func(err error) bool {
			var own *Error
			return errors.As(err, &own) && own.Code == core.CodeClosed
		}},
		"gives up": {time.Minute, func(_ *Session, _ *source, giveUp func()) { giveUp() }, func(err error) bool { return errors.Is(err, context.Canceled) }},
		"refreshed": {time.Minute, func(s *Session, src *source, _ func()) {
			src.set(nil, nil)
			_, _ = s.Refresh(context.Background())
		}, func(err error) bool { return err == nil }},
		"deadline": {10 * time.Second, func(*Session, *source, func()) {}, func(err error) bool {
			var own *Error
			return errors.As(err, &own) && own.Code == core.CodeSource
		}},
	} {
		h := &hands{} // which stands still: nothing ends by itself
		src := &source{hands: h, err: &hostfuncs.Error{Message: "throttled", RetryAfter: 30 * time.Second}}
		s := openSession(t, newRuntime(t, modules.plain, h.now), src, Option{core.OptMaxWait, 60})
		ctx, giveUp := context.WithTimeout(t.Context(), c.patience)
		answer := make(chan error, 1)
		go func() { _, err := s.Retrieve(ctx); answer <- err }()
		wait(t, func() bool { n, err := s.Status(core.StatusFailures); return err == nil && n == 1 })
		c.end(s, src, giveUp)
		select {
		case err := <-answer:
			if !c.want(err) {
				t.Errorf("%s: got %v", name, err)
			}
		case <-time.After(patience):
			t.Errorf("%s: still waiting", name)
		}
		giveUp()
	}
}

// service rejects for B; caller A goes on with what is held, and B gets another set.
func TestARejectionIsItsReportersAlone(t *testing.T) {
	h := &hands{}
	src := &source{hands: h}
	s := openSession(t, newRuntime(t, modules.plain, h.now), src)
	held, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	src.set(errors.New("outage"), nil)
	if c, err := s.CredentialsOtherThan(t.Context(), held, core.EvidenceStrong); err == nil {
		t.Errorf("got %v", c)
	}
	wantKey(t, s, "key-1")
	src.set(nil, nil)
	h.advance(time.Minute)
	other, err := s.CredentialsOtherThan(t.Context(), held, core.EvidenceStrong)
	if err != nil || other.AccessKeyID == held.AccessKeyID {
		t.Errorf("got %v, %v", other.AccessKeyID, err)
	}
	wantKey(t, s, other.AccessKeyID)
	before := src.count()
	if again, err := s.CredentialsOtherThan(t.Context(), held, core.EvidenceWeak); err != nil || again != other || src.count() != before {
		t.Errorf("who is late gets what is there: %v, %d fetches", err, src.count()-before)
	}
}
