package mqtt_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

const endpoint = "c1234567890abc-ats.iot.us-east-1.amazonaws.com"

// server is what brokers of these tests show of themselves.
type server struct {
	caPEM, certPEM, keyPEM []byte
	pair                   tls.Certificate
}

func newServer(t *testing.T) *server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a broker"}, DNSNames: []string{endpoint},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, // its own authority
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{
		certPEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		keyPEM:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	}
	s.caPEM = s.certPEM
	if s.pair, err = tls.X509KeyPair(s.certPEM, s.keyPEM); err != nil {
		t.Fatal(err)
	}
	return s
}

// mosquitto is a real broker on loopback: over TLS for the stand-in's clients, and
// over plain WebSockets for whoever relays to it.
type mosquitto struct {
	tls, ws string // addresses
	log     *lockedBuffer
	path    string
	config  string
	process *exec.Cmd
}

func startMosquitto(t *testing.T, s *server, clients *awstest.Server) *mosquitto {
	t.Helper()
	path := find("mosquitto")
	if path == "" {
		const missing = "mosquitto is not installed (./task services installs it)"
		if os.Getenv("CI") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	dir := t.TempDir()
	m := &mosquitto{path: path, config: filepath.Join(dir, "mosquitto.conf"), log: &lockedBuffer{}}
	cert, key := filepath.Join(dir, "server.pem"), filepath.Join(dir, "server-key.pem")
	write(t, cert, s.certPEM)
	write(t, key, s.keyPEM)
	for range 3 { // another process may take a port that was free a moment ago
		m.tls, m.ws = freeAddress(t), freeAddress(t)
		lines := []string{
			"persistence false", "allow_anonymous true", "log_dest stderr", "log_type all",
			"listener " + port(m.tls) + " 127.0.0.1", "certfile " + cert, "keyfile " + key,
			"cafile " + clients.ClientCAFile, "require_certificate true", "use_identity_as_username true",
			"listener " + port(m.ws) + " 127.0.0.1", "protocol websockets",
		}
		if os.Geteuid() == 0 { // else it becomes a user who cannot read these files
			lines = append([]string{"user root"}, lines...)
		}
		write(t, m.config, []byte(strings.Join(lines, "\n")+"\n"))
		if m.start() {
			t.Cleanup(m.stop)
			return m
		}
	}
	t.Fatalf("mosquitto does not start: %s", m.log)
	return nil
}

func (m *mosquitto) start() bool {
	m.process = exec.Command(m.path, "-c", m.config)
	m.process.Stderr = m.log
	if m.process.Start() != nil {
		return false
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if answers(m.tls) && answers(m.ws) {
			return true
		}
	}
	m.stop()
	return false
}

func (m *mosquitto) stop() {
	_ = m.process.Process.Kill()
	_ = m.process.Wait()
}

// find also looks where Debian keeps services' programs.
func find(program string) string {
	for _, name := range []string{program, "/usr/sbin/" + program, "/usr/local/sbin/" + program} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func answers(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = c.Close()
	}
	return err == nil
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func dialTo(address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprint(b.text.String())
}
