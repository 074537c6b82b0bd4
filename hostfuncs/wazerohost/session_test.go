package wazerohost

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
)

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
