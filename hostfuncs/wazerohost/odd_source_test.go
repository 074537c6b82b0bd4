package wazerohost

import (
	"context"
	"errors"
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

// scripted is a source of the test's own words.
type scripted struct {
	fetch func() (hostfuncs.Result, error)
}

func (*scripted) Method() core.Method { return core.MethodRegistered }

func (s *scripted) Fetch(context.Context, *hostfuncs.Flight) (hostfuncs.Result, error) {
	return s.fetch()
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
