package wazerohost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
)

// patience is far more than what is to come at once takes on a busy machine, and far
// less than a refresh's time-out of a minute or more.
const patience = 20 * time.Second

// custom makes a session of a function.
func custom(t *testing.T, rt *Runtime, fetch hostfuncs.CustomFunc) *Session {
	t.Helper()
	source, err := hostfuncs.NewCustom(fetch)
	if err != nil {
		t.Fatal(err)
	}
	return openSession(t, rt, source)
}

// caller A asks; source asks its own session, by itself or by way of another: A is
// told at once.
func TestSourcesThatAskInARing(t *testing.T) {
	for n := 1; n <= 3; n++ {
		rt, all := newRuntime(t, modules.plain, nil), make([]*Session, n)
		for i := range all {
			all[i] = custom(t, rt, func(ctx context.Context) (hostfuncs.Credentials, error) {
				_, err := all[(i+1)%n].Retrieve(ctx)
				return hostfuncs.Credentials{}, err
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if _, err := all[0].Refresh(ctx); !errors.Is(err, ErrReentrant) {
			t.Errorf("%d: got %v", n, err)
		}
		cancel()
	}
}

// caller A asks; source ends its goroutine, or panics, or its error does: A is told at
// once, and the next refresh is made.
func TestSourceThatDies(t *testing.T) {
	h := &hands{}
	rt := newRuntime(t, modules.plain, h.now)
	for name, die := range map[string]func() error{
		"exit": func() error { runtime.Goexit(); return nil }, "panic": func() error { panic("sentinel-secret") },
		"nil pointer": func() error { return (*fickle)(nil) },
	} {
		set, died := sentinelSet(h), false
		src := &scripted{fetch: func() (hostfuncs.Result, error) {
			if !died {
				died = true
				return hostfuncs.Result{}, die()
			}
			return hostfuncs.Result{Credentials: set}, nil
		}}
		s := openSession(t, rt, src)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		var own *Error
		if _, err := s.Refresh(ctx); !errors.As(err, &own) || own.Code != core.CodeAbandoned {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := s.Refresh(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

// scripted is a source of the test's own words.
type scripted struct {
	fetch func() (hostfuncs.Result, error)
}

func (*scripted) Method() core.Method { return core.MethodRegistered }

func (s *scripted) Fetch(context.Context, *hostfuncs.Flight) (hostfuncs.Result, error) {
	return s.fetch()
}

// fickle is an error that breaks after the source has returned it.
type fickle struct{ broken bool }

func (f *fickle) meet() {
	if f.broken {
		panic("sentinel-secret")
	}
}
func (f *fickle) Error() string { f.meet(); return "fickle" }
func (f *fickle) Is(error) bool { f.meet(); return false }
func (f *fickle) As(any) bool   { f.meet(); return false }
func (f *fickle) Unwrap() error { f.meet(); return io.ErrUnexpectedEOF }

// source answers with an error, whose methods panic from then on; callers look at it,
// each at his own.
func TestErrorsThatBreakLater(t *testing.T) {
	h := &hands{}
	fails := &fickle{}
	s := openSession(t, newRuntime(t, modules.plain, h.now), &scripted{func() (hostfuncs.Result, error) {
		return hostfuncs.Result{}, &hostfuncs.Error{Message: "sealed", Err: fails}
	}})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var all sync.WaitGroup
	errs := make(chan error, 20)
	for range cap(errs) {
		all.Go(func() { _, err := s.Refresh(ctx); errs <- err })
	}
	all.Wait()
	fails.broken = true
	for range cap(errs) {
		err := <-errs
		var own *Error
		var source *hostfuncs.Error
		if !errors.As(err, &own) || !errors.As(err, &source) || source.Message != "sealed" || own.Code != core.CodeSource || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("got %v, %v", err, source)
		}
		_ = fmt.Sprintf("%v %+v %#v", err, source, own)
		own.Code, source.Message = 0, "changed"
	}
}

// A source that panics when it is asked what it is; a caller without a context.
func TestWhatIsNil(t *testing.T) {
	rt := newRuntime(t, modules.plain, nil)
	for _, source := range []hostfuncs.Source{(*embedded)(nil), &embedded{}} {
		if _, err := rt.Open(source); err == nil {
			t.Error("opened")
		}
	}
	var none context.Context
	s := openSession(t, rt, &scripted{func() (hostfuncs.Result, error) {
		return hostfuncs.Result{Credentials: hostfuncs.Credentials{
			AccessKeyID: "k", SecretAccessKey: "s", SessionToken: "t", Expires: time.Now().Add(time.Hour),
		}}, nil
	}})
	if _, err := s.Refresh(none); err != nil {
		t.Error(err)
	}
	if _, err := s.CredentialsFor(none, time.Minute); err != nil {
		t.Error(err)
	}
}

type embedded struct{ hostfuncs.Source }
