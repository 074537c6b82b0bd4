package hostfuncs

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
)

// patience is far more than what is to come at once takes on a busy machine, and far
// less than a refresh's time-out of a minute or more.
const patience = 20 * time.Second

// custom makes a session of a function.
func custom(t *testing.T, rt *Runtime, fetch func(context.Context) (evercreds.Credentials, error)) *Session {
	t.Helper()
	source, err := NewCustom(fetch)
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
			all[i] = custom(t, rt, func(ctx context.Context) (evercreds.Credentials, error) {
				_, err := all[(i+1)%n].Retrieve(ctx)
				return evercreds.Credentials{}, err
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		if _, err := all[0].Refresh(ctx); !errors.Is(err, evercreds.ErrReentrant) {
			t.Errorf("%d: got %v", n, err)
		}
		cancel()
	}
}

// scripted is a source of the test's own words.
type scripted struct {
	fetch func() (evercreds.Result, error)
}

func (*scripted) Method() core.Method { return core.MethodRegistered }

func (s *scripted) Fetch(context.Context, *evercreds.Flight) (evercreds.Result, error) {
	return s.fetch()
}

// A source that panics when it is asked what it is; a caller without a context.
func TestWhatIsNil(t *testing.T) {
	rt := newRuntime(t, modules.plain, nil)
	for _, source := range []evercreds.Source{(*embedded)(nil), &embedded{}} {
		if _, err := rt.Open(source); err == nil {
			t.Error("opened")
		}
	}
	var none context.Context
	s := openSession(t, rt, &scripted{func() (evercreds.Result, error) {
		return evercreds.Result{Credentials: evercreds.Credentials{
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

type embedded struct{ evercreds.Source }
