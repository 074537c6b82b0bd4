package evercreds_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
)

// moody is a signer that does what the test tells it to, each time.
type moody struct {
	crypto.Signer
	mu   sync.Mutex
	mood func()
}

func (m *moody) be(mood func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mood = mood
}

func (m *moody) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	m.mu.Lock()
	mood := m.mood
	m.mu.Unlock()
	mood()
	return m.Signer.Sign(rand, digest, opts)
}

func newMoody(t *testing.T, c awstest.ClientCert) *moody {
	t.Helper()
	block, _ := pem.Decode(c.KeyPEM)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return &moody{Signer: key.(crypto.Signer), mood: func() {}}
}

// Whatever a signer does, it costs the session that refresh and nothing more, and
// Close leaves nothing of the session's behind.
func TestASignerHurtsNothingButItsRefresh(t *testing.T) {
	standIn, _ := startStandIn(t, 0)
	key := newMoody(t, standIn.ClientEC)
	var connections []net.Conn // each refresh has one of its own: it is closed for it
	var mu sync.Mutex
	hangUp := func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range connections {
			_ = c.Close()
		}
	}
	s, err := evercreds.NewIoT(evercreds.IoTParams{
		Endpoint: "c1234567890abc.credentials.iot.us-east-1.amazonaws.com", RoleAlias: awstest.DefaultAlias,
		Certificate: evercreds.PEMFile(standIn.ClientEC.CertFile), Signer: key, CA: evercreds.PEMBytes(standIn.CAPEM),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(standIn.TLSURL, "https://"))
			mu.Lock()
			defer mu.Unlock()
			connections = append(connections, c)
			return c, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	held, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		hangUp()
		key.be(func() { panic("a fault in a driver") })
		if _, err := s.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "Signer: it panicked with a string") {
			t.Errorf("got %v", err)
		}
		if now, err := s.Retrieve(t.Context()); err != nil || now.AccessKeyID != held.AccessKeyID {
			t.Errorf("the others do not go on: %v", err)
		}
	}
	key.be(func() {})
	hangUp()
	if now, err := s.Refresh(t.Context()); err != nil || now.AccessKeyID == held.AccessKeyID {
		t.Errorf("well again: %v", err)
	}
	release := make(chan struct{})
	defer close(release)
	hung := make(chan struct{})
	key.be(func() { close(hung); <-release })
	hangUp()
	go func() { _, _ = s.Refresh(context.Background()) }()
	<-hung
	if _, err := s.Retrieve(t.Context()); err != nil {
		t.Errorf("while it hangs: %v", err)
	}
	start := time.Now()
	s.Close()
	wantNothingRunning(t)
	if d := time.Since(start); d > 9*time.Second { // the call would have had 10 s
		t.Errorf("closed in %v", d)
	}
}

// caller A asks; a certificate file is gone: what A is told of it is of types that users
// can name, in a refresh as well as in a constructor.
func TestWhatIsWrongWithAFileIsAParameterError(t *testing.T) {
	t.Parallel()
	standIn, _ := startStandIn(t, 0)
	file := filepath.Join(t.TempDir(), "certificate.pem")
	params := evercreds.IoTParams{
		Endpoint: "c1234567890abc.credentials.iot.us-east-1.amazonaws.com", RoleAlias: awstest.DefaultAlias,
		Certificate: evercreds.PEMFile(file), PrivateKey: evercreds.PEMBytes(standIn.ClientEC.KeyPEM), CA: evercreds.PEMBytes(standIn.CAPEM),
	}
	var bad *evercreds.ParameterError
	if _, err := evercreds.NewIoT(params); !errors.As(err, &bad) || bad.Parameter != "Certificate" {
		t.Errorf("the constructor: %v", err)
	}
	if err := os.WriteFile(file, standIn.ClientEC.CertPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := evercreds.NewIoT(params, evercreds.WithMaxWait(0))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Retrieve(t.Context()); !errors.As(err, &bad) || bad.Parameter != "Certificate" {
		t.Errorf("a refresh: %v", err)
	}
}
