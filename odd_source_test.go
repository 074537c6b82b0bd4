//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
)

// A source of the user's own may return anything. What cannot sign a request is
// refused, and touches nothing that is held.
func TestSourceOfIncompleteSets(t *testing.T) {
	for name, spoil := range map[string]func(*evercreds.Result){
		"AccessKeyID":          func(r *evercreds.Result) { r.AccessKeyID = "" },
		"SecretAccessKey":      func(r *evercreds.Result) { r.SecretAccessKey = "" },
		"SessionToken":         func(r *evercreds.Result) { r.SessionToken = "" },
		"Expires and NoExpiry": func(r *evercreds.Result) { r.Expires = time.Time{} },
		"exactly one":          func(r *evercreds.Result) { r.NoExpiry = true },
	} {
		synctest.Test(t, func(t *testing.T) {
			v := &vault{}
			s := open(t, v)
			defer s.Close()
			wantKey(t, s, 1, 0)
			v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
				r := v.set(2, time.Now())
				spoil(&r)
				return r, nil
			}
			if _, err := s.Refresh(t.Context()); !malformedFor(err, name) {
				t.Errorf("%s: got %v", name, err)
			}
			wantKey(t, s, 1, 0)
		})
	}
}

func malformedFor(err error, name string) bool {
	var e *evercreds.Error
	return errors.As(err, &e) && e.Code == evercreds.CodeMalformed && strings.Contains(err.Error(), name)
}

// brittle is an error type whose methods need more than a nil pointer.
type brittle struct{ text string }

func (b *brittle) Error() string { return b.text }
func (b *brittle) Unwrap() error { return errors.New(b.text) }

// A nil pointer in an error interface is a slip that every Go programmer knows;
// it must cost one refresh, not the process.
func TestSourceOfBrokenErrors(t *testing.T) {
	for name, broken := range map[string]error{"a user's type": (*brittle)(nil), "SourceError": (*evercreds.SourceError)(nil)} {
		synctest.Test(t, func(t *testing.T) {
			v := &vault{err: broken}
			s := open(t, v, toTheLetter()...)
			defer s.Close()
			if e := wantCode(t, s, evercreds.CodeAbandoned, 0); !strings.Contains(e.Error(), "panicked") {
				t.Errorf("%s: got %v", name, e)
			}
			v.err = nil
			wantKey(t, s, 2, 0)
		})
		synctest.Test(t, func(t *testing.T) {
			s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) { return evercreds.Credentials{}, broken }, toTheLetter()...)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if e := wantCode(t, s, evercreds.CodeSource, 0); e.Class != evercreds.Recoverable || e.Error() == "" {
				t.Errorf("%s: got %v", name, e)
			}
		})
	}
}

// An error that does not say what it is counts as recoverable.
func TestSourceErrorWithoutClass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{err: &evercreds.SourceError{Message: "sealed", RetryAfter: 3 * time.Second}}
		s := open(t, v, toTheLetter()...)
		defer s.Close()
		e := wantCode(t, s, evercreds.CodeSource, 0)
		if wait := time.Until(e.RetryAt); e.Class != evercreds.Recoverable || wait != 3*time.Second {
			t.Errorf("class %v, again in %v", e.Class, wait)
		}
	})
}

// asksBack asks its session for the state when it is asked whether it prompts.
type asksBack struct {
	vault
	session *evercreds.Session
}

func (a *asksBack) Attended() bool {
	if a.session != nil {
		_ = a.session.Status()
	}
	return false
}

// No code of the source's runs under the session's lock.
func TestSourceMayAskForTheState(t *testing.T) {
	a := &asksBack{}
	s, err := evercreds.New(a)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	a.session = s
	done := make(chan error, 1)
	go func() {
		_, err := s.Retrieve(t.Context())
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the session locked itself out")
	}
}
