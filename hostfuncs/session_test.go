package hostfuncs

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
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
	cause := &evercreds.SourceError{Method: core.MethodCustom, Class: evercreds.Permanent, Reason: evercreds.CodeSource, Code: "AccessDenied"}
	src := &source{hands: h, err: fmt.Errorf("wrapped: %w", cause)}
	s := openSession(t, newRuntime(t, modules.plain, h.now), src)
	_, err := s.Retrieve(t.Context())
	var own *evercreds.Error
	if !errors.As(err, &own) || own.Code != evercreds.CodeSource || own.Class != evercreds.Permanent || !errors.Is(err, cause) {
		t.Fatalf("%#v", err)
	}
	if own.RetryAt.UnixMilli() <= wall0 {
		t.Errorf("retry at %v", own.RetryAt)
	}
	src.set(nil, "a secret")
	h.advance(time.Minute)
	if _, err := s.Retrieve(t.Context()); !errors.As(err, &own) || own.Code != evercreds.CodeAbandoned {
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
		code  evercreds.Code
		class evercreds.Class
		pause time.Duration
	}{
		"no reason":        {&evercreds.SourceError{Class: evercreds.Permanent}, evercreds.CodeSource, evercreds.Permanent, 0},
		"no class":         {&evercreds.SourceError{RetryAfter: 40 * time.Second}, evercreds.CodeSource, evercreds.Recoverable, 40 * time.Second},
		"no known class":   {&evercreds.SourceError{Class: 77, Reason: 77}, evercreds.CodeSource, evercreds.Recoverable, 0},
		"malformed":        {&evercreds.SourceError{Reason: evercreds.CodeMalformed}, evercreds.CodeMalformed, evercreds.Recoverable, 0},
		"a broken error":   {(*evercreds.SourceError)(nil), evercreds.CodeAbandoned, evercreds.Recoverable, 0},
		"a set of nothing": {nil, evercreds.CodeMalformed, evercreds.Recoverable, 0},
	} {
		h := &hands{}
		src := bare{err: c.err}
		s := openSession(t, newRuntime(t, modules.plain, h.now), src)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := s.Retrieve(ctx)
		cancel()
		var own *evercreds.Error
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

func (b bare) Fetch(context.Context, *evercreds.Flight) (evercreds.Result, error) {
	return evercreds.Result{}, b.err
}

// Options have names and words; what is refused is named, by this package or by the
// machine.
func TestOptionsHaveNames(t *testing.T) {
	rt := newRuntime(t, modules.plain, nil)
	s, err := rt.Open(&source{}, Option{"policy", "adaptive"}, Option{"advisory_timeout", 20 * time.Minute}, Option{"mandatory_timeout", 60},
		Option{"advisory_refresh", "inline"}, Option{"jitter", true}, Option{"max_stale", 0.5}, Option{"stability", "static"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := rt.Open(&source{}, Option{"advisory_timeout", "auto"}, Option{"defer_refresh", true}); err != nil {
		t.Error(err)
	}
	for want, options := range map[string][]Option{
		"evercreds: jitter must be true or false; got 7":                              {{"jitter", 7}},
		"evercreds: jitter must be true or false; got yes":                            {{"jitter", "yes"}},
		`evercreds: stability must be "strict", "until_expiry" or "static"; got [1]`:  {{"stability", []int{1}}},
		`evercreds: stability must be "strict", "until_expiry" or "static"; got soft`: {{"stability", "soft"}},
		"evercreds: max_wait must be seconds from 0 to 3600; got 7200":                {{"max_wait", 2 * time.Hour}},
		`evercreds: options must have names of docs/ABI.md; got "maxWait"`:            {{"maxWait", 1}},
		`evercreds: options must have names of docs/ABI.md; got ""`:                   {{}},
	} {
		var bad *evercreds.ParameterError
		if _, err := rt.Open(&source{}, options...); !errors.As(err, &bad) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := rt.Open(nil); err == nil {
		t.Error("opened without a source")
	}
	if _, err := New(t.Context(), []byte("no module"), Config{}); err == nil {
		t.Error("ran what is no module")
	}
}
