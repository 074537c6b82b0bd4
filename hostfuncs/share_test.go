//go:build linux || darwin

package hostfuncs

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/share"
)

// A session on the module and one on the compiled-in core share one refresh, by a real store.
func TestSessionsOnTheModuleShare(t *testing.T) {
	store, err := share.File(filepath.Join(t.TempDir(), "group"))
	if err != nil {
		t.Fatal(err)
	}
	rt, err := New(t.Context(), Config{Module: modules.plain, CacheDir: modules.cache})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close()
	fetch := func() evercreds.Credentials {
		return evercreds.Credentials{AccessKeyID: "K", SecretAccessKey: "s", SessionToken: "t", Expires: time.Now().Add(time.Hour)}
	}
	for i, opts := range [][]evercreds.Option{{WithRuntime(rt)}, {}, {WithRuntime(rt)}} {
		s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) { return fetch(), nil }, append(opts, evercreds.WithShare(store), evercreds.WithShareID("x"))...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
		for end := time.Now().Add(30 * time.Second); i == 0 && s.Status().SharePublished == 0 && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		st := s.Status()
		if (st.ShareAdopted == 1) != (i > 0) || (st.Starts == 1) != (i == 0) || st.ShareAlone != 0 {
			t.Errorf("session %d: adopted %d, started %d, alone %d", i, st.ShareAdopted, st.Starts, st.ShareAlone)
		}
		_ = s.Close()
	}
}
