//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/evercreds/evercreds"
)

// fickle is an error one of whose methods breaks after the source has returned it.
type fickle struct{ broken *string }

func (f fickle) meet(method string) {
	if *f.broken == method {
		panic("sentinel-secret")
	}
}
func (f fickle) Error() string              { f.meet("Error"); return "fickle" }
func (f fickle) Is(error) bool              { f.meet("Is"); return false }
func (f fickle) As(any) bool                { f.meet("As"); return false }
func (f fickle) Unwrap() error              { f.meet("Unwrap"); return io.ErrUnexpectedEOF }
func (f fickle) Format(w fmt.State, _ rune) { f.meet("Format"); _, _ = io.WriteString(w, "fickle") }
func (f fickle) GoString() string           { f.meet("GoString"); return "fickle" }

// source answers with an error, whose methods panic from then on; callers, the log
// and the hook look at it.
func TestErrorsThatBreakLater(t *testing.T) {
	for _, method := range []string{"Error", "Is", "As", "Unwrap", "Format", "GoString"} {
		for wrapped, wrap := range []func(error) error{
			func(err error) error { return err },
			func(err error) error { return fmt.Errorf("outer: %w", err) },
			func(err error) error { return &evercreds.SourceError{Message: "sealed", Err: err} },
		} {
			for _, custom := range []bool{false, true} {
				name := fmt.Sprintf("%s, wrapped %d, custom %v", method, wrapped, custom)
				synctest.Test(t, func(t *testing.T) {
					broken := ""
					seeFickle(t, name, wrap(fickle{&broken}), custom, func() { broken = method })
				})
			}
		}
	}
}

func seeFickle(t *testing.T, name string, fails error, custom bool, spoil func()) {
	log := &told{}
	opts := []evercreds.Option{evercreds.WithEvents(log.hook), evercreds.WithStability(evercreds.Strict)}
	s, err := evercreds.New(&vault{err: fails}, opts...)
	if custom {
		s, err = evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) { return evercreds.Credentials{}, fails }, opts...)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Refresh(t.Context())
	spoil()
	for _, seen := range []error{err, s.Status().LastError} {
		var api smithy.APIError
		if errors.Is(seen, fs.ErrExist) || errors.As(seen, &api) || !errors.Is(seen, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v is another error", name, seen)
		}
		if text := fmt.Sprintf("%v %+v %#v %s", seen, seen, seen, errors.Unwrap(seen)); !strings.Contains(text, "the source of the credentials failed") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// An error that unwraps to itself has no end.
func TestEndlessError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		v.err = endless{v}
		s := open(t, v, evercreds.WithStability(evercreds.Strict))
		defer s.Close()
		if _, err := s.Refresh(t.Context()); errors.Is(err, fs.ErrExist) || err == nil {
			t.Errorf("got %v", err)
		}
	})
}

type endless struct{ *vault }

func (endless) Error() string   { return "endless" }
func (e endless) Unwrap() error { return e }

// Each caller has its own error: what one does with it concerns nobody else.
func TestEachCallerHasItsOwnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sealed := &evercreds.SourceError{Message: "sealed", Code: "Sealed"}
		s := open(t, &vault{err: sealed, latency: time.Second}, evercreds.WithStability(evercreds.Strict))
		defer s.Close()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				_, err := s.Refresh(t.Context())
				var own *evercreds.Error
				var source *evercreds.SourceError
				if !errors.As(err, &own) || !errors.As(err, &source) || !errors.Is(err, sealed) || own.Code != evercreds.CodeSource || source.Message != "sealed" {
					t.Errorf("got %v", err)
					return
				}
				own.Code, own.Err, source.Message, source.Code = 0, nil, "changed", "changed"
			})
		}
		all.Wait()
		last := s.Status().LastError
		if last.Error() != "evercreds: the source of the credentials failed (the service: Sealed; calling evercreds_test.vault): source: Sealed: sealed" || sealed.Message != "sealed" {
			t.Errorf("got %v", last)
		}
		last.Err = nil
		if s.Status().LastError.Err == nil {
			t.Error("a status shares its error with the next one")
		}
	})
}

// A source that panics when it is asked what it is.
func TestSourceThatCannotBeMet(t *testing.T) {
	for name, source := range map[string]evercreds.Source{"nil pointer": (*embedded)(nil), "nothing embedded": &embedded{}} {
		var p *evercreds.ParameterError
		if _, err := evercreds.New(source); !errors.As(err, &p) || p.Parameter != "source" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

type embedded struct{ evercreds.Source }

// attempts at a source whose prompt is answered late, twice, or after its end.
func TestPromptedAtOddTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{attend: true}
		var late func()
		v.fetch = func(_ context.Context, f *evercreds.Flight) (evercreds.Result, error) {
			late = f.Prompted
			f.Prompted()
			f.Prompted()
			return v.set(1, time.Now()), nil
		}
		s := open(t, v)
		wantKey(t, s, 1, 0)
		late()
		wantKey(t, s, 1, 0)
		s.Close()
		late()
	})
}

// panicking is a provider that does so when it is asked what it is.
type panicking struct{ aws.CredentialsProvider }

func (panicking) IsCredentialsProvider(aws.CredentialsProvider) bool { panic("sentinel-secret") }

// A makes sessions with providers that panic; A asks, and gets credentials or an error.
func TestProvidersThatPanic(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	base := cfg.Credentials
	cfg.Credentials = panicking{base}
	if _, err := newSTS(t, cfg).Retrieve(t.Context()); err != nil {
		t.Error(err)
	}
	cfg.Credentials = (*aws.CredentialsCache)(nil)
	_, err := newSTS(t, cfg, evercreds.WithMaxWait(0)).Retrieve(t.Context())
	var failed *evercreds.Error
	if !errors.As(err, &failed) || failed.Code != evercreds.CodeSource && failed.Code != evercreds.CodeAbandoned || strings.Contains(err.Error(), "sentinel") {
		t.Error(err)
	}
}
