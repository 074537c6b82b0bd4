package awstest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Each server of the table is as bad as it says, and no worse: a client that takes
// anything is served by all whose certificate or version alone is amiss, and a strict
// one ends as the table has it.
func TestTLSServers(t *testing.T) {
	s, _ := start(t, Config{})
	table, err := s.StartTLSServers()
	if err != nil {
		t.Fatal(err)
	}
	mine, err := tls.X509KeyPair(s.ClientEC.CertPEM, s.ClientEC.KeyPEM)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(s.CAPEM)
	for _, row := range table {
		strict := &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12, VerifyConnection: wantKeySizes}
		lax := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10}
		for _, config := range []*tls.Config{strict, lax} {
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &mine, nil }
		}
		if got := outcome(t, row, strict); got != row.Expected {
			t.Errorf("%s: %s, want %s", row.Name, got, row.Expected)
		}
		wantLax := row.Expected
		if row.Reason == "certificate" || strings.HasPrefix(row.Name, "tls-") {
			wantLax = "accepted"
		}
		if got := outcome(t, row, lax); got != wantLax {
			t.Errorf("%s, anything taken: %s, want %s", row.Name, got, wantLax)
		}
	}
}

func wantKeySizes(state tls.ConnectionState) error {
	for _, chain := range state.VerifiedChains {
		for _, certificate := range chain {
			if key, ok := certificate.PublicKey.(interface{ Size() int }); ok && key.Size() < 256 {
				return errors.New("an RSA key is too short")
			}
		}
	}
	return nil
}

func outcome(t *testing.T, row TLSServer, config *tls.Config) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	if row.Reason == "time-out" {
		ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	}
	defer cancel()
	transport := &http.Transport{
		TLSClientConfig: config, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", row.Port))
		},
	}
	url := "https://stand-in." + iotDomain(DefaultRegion) + "/role-aliases/" + DefaultAlias + "/credentials"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := transport.RoundTrip(request)
	if err != nil {
		return "refused"
	}
	defer func() { _ = reply.Body.Close() }()
	_, _ = io.Copy(io.Discard, reply.Body)
	switch reply.StatusCode {
	case http.StatusOK:
		return "accepted"
	case http.StatusForbidden:
		return "denied"
	}
	return reply.Status
}
