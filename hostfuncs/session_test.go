package hostfuncs

import (
	"errors"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
)

// What the module refuses is named as the core names it.
func TestTheModuleRefusesOptions(t *testing.T) {
	h := &hands{}
	rt := newRuntime(t, modules.plain, h.now)
	for want, option := range map[string]evercreds.Option{
		"evercreds: max_wait must be seconds from 0 to 3600; got 2h0m0s": evercreds.WithMaxWait(2 * time.Hour),
		"evercreds: refresh_timeout must be":                             evercreds.WithRefreshTimeout(-1),
		"evercreds: WithRuntime must have a Runtime, not nil":            WithRuntime(nil),
	} {
		_, err := evercreds.New(&source{}, WithRuntime(rt.Runtime), option)
		var bad *evercreds.ParameterError
		if !errors.As(err, &bad) || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if n := len(rt.sessions); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
	wantKey(t, openSession(t, rt, &source{hands: h}, evercreds.WithPolicy(evercreds.Adaptive)), "key-1")
}
