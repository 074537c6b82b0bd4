package wazerohost

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
)

func TestCallersShareOneFlight(t *testing.T) {
	h := &hands{}
	src := &source{hands: h, gate: make(chan struct{})}
	s := openSession(t, newRuntime(t, modules.plain, h.now), src)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := s.Retrieve(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	close(src.gate)
	wg.Wait()
	if n := src.count(); n != 1 {
		t.Errorf("%d calls of the source", n)
	}
}

func TestAnAdvisoryOutageDisturbsNobody(t *testing.T) {
	h := &hands{}
	src := &source{hands: h}
	s := openSession(t, newRuntime(t, modules.plain, h.now), src)
	wantKey(t, s, "key-1")
	src.set(errors.New("outage"), nil)
	for range 30 {
		h.advance(time.Minute)
		wantKey(t, s, "key-1")
	}
	h.advance(16 * time.Minute) // the advisory window: 15 min
	wantKey(t, s, "key-1")
	wait(t, func() bool { return src.count() > 1 })
	src.set(nil, nil)
	wait(t, func() bool {
		h.advance(time.Second) // past the hold-off, whenever the failure is reported
		creds, err := s.Retrieve(t.Context())
		return err == nil && creds.AccessKeyID != "key-1"
	})
}

// wait gives what runs on other goroutines its time.
func wait(t *testing.T, until func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !until(); {
		if time.Now().After(end) {
			t.Fatal("waited too long")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestFailuresReachTheCaller(t *testing.T) {
	h := &hands{}
	cause := &hostfuncs.Error{Method: core.MethodCustom, Class: core.Permanent, Reason: core.CodeSource, Code: "AccessDenied"}
	src := &source{hands: h, err: fmt.Errorf("wrapped: %w", cause)}
	s := openSession(t, newRuntime(t, modules.plain, h.now), src)
	_, err := s.Retrieve(t.Context())
	var own *Error
	if !errors.As(err, &own) || own.Code != core.CodeSource || own.Class != core.Permanent || !errors.Is(err, cause) {
		t.Fatalf("%#v", err)
	}
	if own.RetryAt.UnixMilli() <= wall0 {
		t.Errorf("retry at %v", own.RetryAt)
	}
	src.set(nil, "a secret")
	h.advance(time.Minute)
	if _, err := s.Retrieve(t.Context()); !errors.As(err, &own) || own.Code != core.CodeAbandoned {
		t.Fatalf("after a panic: %v", err)
	}
	src.set(nil, nil)
	h.advance(time.Minute)
	wantKey(t, s, "key-3")
}

// What a source says of an error may be less than all, or more than there is.
func TestLooseErrorsOfASourceReachTheCaller(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		code  core.Code
		class core.Class
		pause time.Duration
	}{
		"no reason":        {&hostfuncs.Error{Class: core.Permanent}, core.CodeSource, core.Permanent, 0},
		"no class":         {&hostfuncs.Error{RetryAfter: 40 * time.Second}, core.CodeSource, core.Recoverable, 40 * time.Second},
		"no known class":   {&hostfuncs.Error{Class: 77, Reason: 77}, core.CodeSource, core.Recoverable, 0},
		"malformed":        {&hostfuncs.Error{Reason: core.CodeMalformed}, core.CodeMalformed, core.Recoverable, 0},
		"a broken error":   {(*hostfuncs.Error)(nil), core.CodeAbandoned, core.Recoverable, 0},
		"a set of nothing": {nil, core.CodeMalformed, core.Recoverable, 0},
	} {
		h := &hands{}
		src := bare{err: c.err}
		s := openSession(t, newRuntime(t, modules.plain, h.now), src)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := s.Retrieve(ctx)
		cancel()
		var own *Error
		if !errors.As(err, &own) || own.Code != c.code || own.Class != c.class {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if pause := own.RetryAt.UnixMilli() - wall0; c.pause > 0 && pause < c.pause.Milliseconds() {
			t.Errorf("%s: again in %d ms", name, pause)
		}
	}
}

// bare is a source that brings nothing, with an error or without one.
type bare struct{ err error }

func (bare) Method() core.Method { return core.MethodRegistered }

func (b bare) Fetch(context.Context, *hostfuncs.Flight) (hostfuncs.Result, error) {
	return hostfuncs.Result{}, b.err
}

func TestTheEndOfAContextFreesItsCaller(t *testing.T) {
	h := &hands{}
	src := &source{hands: h, gate: make(chan struct{})}
	s := openSession(t, newRuntime(t, modules.plain, h.now), src)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Retrieve(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v", err)
	}
	close(src.gate)
	wantKey(t, s, "key-1")
}

func TestAHangingSourceTimesOut(t *testing.T) {
	src := &source{gate: make(chan struct{})}
	s := openSession(t, newRuntime(t, modules.plain, nil), src, Option{core.OptRefreshTimeout, 0.05})
	var own *Error
	if _, err := s.Retrieve(t.Context()); !errors.As(err, &own) || own.Code != core.CodeTimedOut {
		t.Fatalf("%v", err)
	}
}

func TestARejectedSetIsReplaced(t *testing.T) {
	h := &hands{}
	s := openSession(t, newRuntime(t, modules.plain, h.now), &source{hands: h})
	creds, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Invalidate(creds); err != nil {
		t.Fatal(err)
	}
	wantKey(t, s, "key-2")
}

func TestRefreshAndMinTTL(t *testing.T) {
	h := &hands{}
	src := &source{hands: h}
	s := openSession(t, newRuntime(t, modules.plain, h.now), src)
	key := func(c aws.Credentials, err error) string {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
		return c.AccessKeyID
	}
	wantKey(t, s, "key-1")
	h.advance(30 * time.Minute)
	for _, c := range []struct {
		needs time.Duration
		want  string
	}{{29 * time.Minute, "key-1"}, {30*time.Minute + time.Nanosecond, "key-2"}, {0, "key-2"}} {
		if got := key(s.CredentialsFor(t.Context(), c.needs)); got != c.want {
			t.Errorf("for %v: %s, want %s", c.needs, got, c.want)
		}
	}
	if got := key(s.Refresh(t.Context())); got != "key-3" {
		t.Errorf("refreshed to %s", got)
	}
	wantKey(t, s, "key-3")
	src.set(errors.New("outage"), nil)
	if _, err := s.Refresh(t.Context()); err == nil {
		t.Error("a refresh in an outage")
	}
	wantKey(t, s, "key-3") // it concerned its caller alone
	var bad *hostfuncs.ParameterError
	for _, span := range []time.Duration{-1, 36*time.Hour + 1, math.MaxInt64} {
		if _, err := s.CredentialsFor(t.Context(), span); !errors.As(err, &bad) || bad.Parameter != "MinTTL" {
			t.Errorf("%d: got %v", span, err)
		}
	}
}

func TestCloseAnswersTheWaiters(t *testing.T) {
	h := &hands{}
	src := &source{hands: h, gate: make(chan struct{})}
	s := openSession(t, newRuntime(t, modules.plain, h.now), src)
	result := make(chan error)
	go func() { _, err := s.Retrieve(context.Background()); result <- err }()
	wait(t, func() bool { n, err := s.Status(core.StatusFlight); return err == nil && n != 0 })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var own *Error
	if err := <-result; !errors.As(err, &own) || own.Code != core.CodeClosed {
		t.Errorf("the waiter: %v", err)
	}
	if _, err := s.Retrieve(t.Context()); !errors.As(err, &own) || own.Code != core.CodeClosed {
		t.Errorf("a later caller: %v", err)
	}
}

func TestRefusedOptionsAreNamed(t *testing.T) {
	rt := newRuntime(t, modules.plain, nil)
	var bad *core.OptionError
	if _, err := rt.Open(&source{}, Option{core.OptJitter, 7}); !errors.As(err, &bad) || bad.Option != core.OptJitter {
		t.Errorf("%v", err)
	}
	if _, err := rt.Open(nil); err == nil {
		t.Error("opened without a source")
	}
	if _, err := New(t.Context(), []byte("no module"), Config{}); err == nil {
		t.Error("ran what is no module")
	}
}
