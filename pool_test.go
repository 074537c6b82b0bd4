//go:build go1.25

package evercreds_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/evercreds/evercreds"
)

// front counts the connections that are open, and all that ever were.
type front struct {
	*httptest.Server
	open, all atomic.Int64
}

func inFront(t *testing.T, of string) *front {
	t.Helper()
	behind, err := url.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{Server: httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(behind))}
	f.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			f.open.Add(1)
			f.all.Add(1)
		case http.StateClosed, http.StateHijacked:
			f.open.Add(-1)
		}
	}
	f.Start()
	t.Cleanup(f.Close)
	return f
}

// Two hundred sessions of one config ask one after the other, by their sources and by
// clients of theirs: one connection serves them all. It stays while one session is open,
// and ends with the last one.
func TestSessionsOfOneConfigShareConnections(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	for name, client := range map[string]aws.HTTPClient{"none": nil, "the SDK's": awshttp.NewBuildableClient()} {
		t.Run(name, func(t *testing.T) {
			f := inFront(t, standIn.URL)
			cfg := cfg.Copy()
			cfg.BaseEndpoint, cfg.HTTPClient = aws.String(f.URL), client
			const accounts = 200
			all := make([]*evercreds.Session, accounts)
			for i := range all {
				all[i] = newSTS(t, cfg)
				if _, err := all[i].Identity(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if n := f.all.Load(); n > accounts/4 { // one; on a machine under load net/http gives some up
				t.Errorf("%d connections for %d sessions", n, accounts)
			}
			for range 10 {
				if f.open.Load() > 0 {
					break
				}
				if _, err := all[0].Identity(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for _, s := range all[1:] {
				_ = s.Close()
			}
			if n := f.open.Load(); n == 0 {
				t.Error("the connection ended before the last session")
			}
			if _, err := all[0].Identity(t.Context()); err != nil {
				t.Error(err)
			}
			_ = all[0].Close()
			for end := time.Now().Add(time.Minute); f.open.Load() != 0; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("%d connections are left", f.open.Load())
				}
			}
			if _, err := newSTS(t, cfg).Identity(t.Context()); err != nil {
				t.Errorf("a session after the last one: %v", err)
			}
		})
	}
}

// Sessions of different settings share nothing.
func TestSessionsOfDifferentConfigsShareNoConnections(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	f := inFront(t, standIn.URL)
	cfg.BaseEndpoint = aws.String(f.URL)
	for range 3 {
		cfg.HTTPClient = awshttp.NewBuildableClient().WithTimeout(time.Minute)
		if _, err := newSTS(t, cfg).Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := f.all.Load(); n != 3 {
		t.Errorf("%d connections", n)
	}
}

// Sessions are made and closed while others ask.
func TestSharedConnectionsWithManyGoroutines(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	cfg.HTTPClient = awshttp.NewBuildableClient()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				s := newSTS(t, cfg)
				if _, err := s.Identity(t.Context()); err != nil {
					t.Error(err)
				}
				_ = s.Close()
			}
		})
	}
	all.Wait()
	runtime.GC()
	runtime.GC()
}
