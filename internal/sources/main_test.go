package sources_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/leaks"
	"github.com/evercreds/evercreds/internal/sources"
)

// flight is one for which a caller waits.
var flight = &sources.Flight{Ticket: 1, Cause: core.CauseFirst}

func startStandIn(t *testing.T, cfg awstest.Config) *awstest.Server {
	t.Helper()
	s, err := awstest.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func baseConfig(s *awstest.Server) aws.Config {
	return aws.Config{
		Region:       awstest.DefaultRegion,
		BaseEndpoint: aws.String(s.URL),
		Credentials:  static(s.Base),
	}
}

func static(c aws.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
}

// serve answers every call with handle, and gives the endpoint.
func serve(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

func inject(t *testing.T, s *awstest.Server, f awstest.Fault) {
	t.Helper()
	s.ClearFaults()
	if err := s.Inject(f); err != nil {
		t.Fatal(err)
	}
}

// sourceError gives err as a source's error.
func sourceError(t *testing.T, err error) *sources.Error {
	t.Helper()
	var e *sources.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %T (%v), want a *sources.Error", err, err)
	}
	return e
}

// wantParameter checks that err names the parameter and shows no value.
func wantParameter(t *testing.T, err error, name string) {
	t.Helper()
	var e *sources.ParameterError
	if !errors.As(err, &e) || e.Parameter != name || !strings.Contains(err.Error(), name+" ") {
		t.Fatalf("got %v, want a ParameterError for %s", err, name)
	}
}

// wantNoSecret checks every way of printing v, and what can be reached from an error.
func wantNoSecret(t *testing.T, v any, secrets ...string) {
	t.Helper()
	named := leaks.Secrets{}
	for i, secret := range secrets {
		named[fmt.Sprintf("secret %d", i+1)] = secret
	}
	finder := leaks.Find(named)
	if told := finder.In([]byte(leaks.Shown(v))); len(told) > 0 {
		t.Errorf("%T shows %v", v, told)
	}
	if _, ok := v.(error); ok {
		for _, path := range finder.Reached(v) {
			t.Errorf("%T%s", v, path)
		}
	}
}

// dialTo connects to address, whatever the host name.
func dialTo(address string) func(context.Context, string, string) (net.Conn, error) {
	address = strings.TrimPrefix(address, "https://")
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
}

// newTLSServer serves over TLS, with a certificate of httptest's, and gives the address.
func newTLSServer(t *testing.T, config *tls.Config, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(handle)
	s.TLS = config
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}
