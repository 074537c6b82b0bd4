package hostfuncs_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
	"github.com/evercreds/evercreds/internal/awstest"
)

// flight is one for which a caller waits.
var flight = &hostfuncs.Flight{Ticket: 1, Cause: core.CauseFirst}

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
func sourceError(t *testing.T, err error) *hostfuncs.Error {
	t.Helper()
	var e *hostfuncs.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %T (%v), want a *hostfuncs.Error", err, err)
	}
	return e
}

// wantParameter checks that err names the parameter and shows no value.
func wantParameter(t *testing.T, err error, name string) {
	t.Helper()
	var e *hostfuncs.ParameterError
	if !errors.As(err, &e) || e.Parameter != name || !strings.Contains(err.Error(), name+" ") {
		t.Fatalf("got %v, want a ParameterError for %s", err, name)
	}
}

// wantNoSecret checks every way of printing v.
func wantNoSecret(t *testing.T, v any, secrets ...string) {
	t.Helper()
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
	text, err := json.Marshal(struct{ V any }{v})
	if err != nil {
		t.Errorf("%T as JSON: %v", v, err)
	}
	log.Write(text)
	texts := []string{fmt.Sprintf("%d", v), fmt.Sprint(v), fmt.Sprintf("%+v", v), fmt.Sprintf("%#v", v), fmt.Sprintf("%q", v), fmt.Sprintf("%s", v), fmt.Sprintf("%x", v), log.String()}
	if err, ok := v.(error); ok && err != nil {
		for ; err != nil; err = errors.Unwrap(err) {
			texts = append(texts, err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err))
		}
	}
	for _, text := range texts {
		for _, secret := range secrets {
			if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) || strings.Contains(text, strings.Trim(fmt.Sprint([]byte(secret)), "[]")) {
				t.Errorf("%T prints a secret", v)
			}
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
