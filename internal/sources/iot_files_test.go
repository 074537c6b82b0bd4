//go:build go1.25

package sources_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/sources"
)

func TestIoTReadsRotatedFiles(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	dir := t.TempDir()
	write := func(c awstest.ClientCert, text []byte) (cert, key string) {
		cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
		for path, text := range map[string][]byte{cert: text, key: c.KeyPEM} {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return cert, key
	}
	cert, key := write(standIn.ClientEC, standIn.ClientEC.CertPEM)
	connections := 0
	p := iotParams(standIn)
	p.Certificate, p.PrivateKey = sources.PEMFile(cert), sources.PEMFile(key)
	dial := p.DialContext
	p.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		connections++
		return dial(ctx, network, address)
	}
	source := newIoT(t, p)
	fetch := func(want int) {
		t.Helper()
		if _, err := source.Fetch(t.Context(), flight); err != nil {
			t.Fatal(err)
		}
		if connections != want {
			t.Errorf("%d connections, want %d", connections, want)
		}
	}
	fetch(1)
	fetch(1) // kept alive
	write(standIn.ClientRSA, []byte("half a certif"))
	_, err := source.Fetch(t.Context(), flight)
	if e := sourceError(t, err); e.Class != core.Recoverable || !strings.Contains(e.Message, "Certificate") {
		t.Errorf("files in the middle of a rotation: %v", e)
	}
	wantNoSecret(t, err, "half a certif")
	write(standIn.ClientRSA, standIn.ClientRSA.CertPEM)
	fetch(2)
	// a chain that is still being written is not shown cut off
	chain := append(bytes.Clone(standIn.ClientRSA.CertPEM), standIn.CAPEM...)
	write(standIn.ClientRSA, chain[:len(chain)-30])
	if _, err := source.Fetch(t.Context(), flight); !strings.Contains(fmt.Sprint(err), "Certificate must be complete PEM text") {
		t.Errorf("half a chain: %v", err)
	}
}

// The certificate is replaced and then the key, and a refresh comes in between: it
// waits a little until they go together. In virtual time.
func TestFilesAreReadAgainDuringARotation(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	put := func(path string, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Error(err)
		}
	}
	put(cert, standIn.ClientEC.CertPEM)
	put(key, standIn.ClientEC.KeyPEM)
	synctest.Test(t, func(t *testing.T) {
		d, err := sources.NewDeviceTLS(sources.DeviceIdentity{Certificate: sources.PEMFile(cert), PrivateKey: sources.PEMFile(key)}, sources.PEM{})
		if err != nil {
			t.Fatal(err)
		}
		config := func(ctx context.Context, waits time.Duration) (*tls.Config, error) {
			t.Helper()
			start := time.Now()
			c, err := d.Config(ctx)
			if waited := time.Since(start); waited < waits || waited > waits*3/2 {
				t.Errorf("waited %v, want %v and no more than half of that beyond", waited, waits)
			}
			return c, err
		}
		old, err := config(t.Context(), 0)
		if same, err2 := config(t.Context(), 0); err != nil || err2 != nil || same != old {
			t.Errorf("files that are the same: %v, %v", err, err2)
		}
		put(cert, standIn.ClientRSA.CertPEM)
		go func() {
			time.Sleep(500 * time.Millisecond)
			put(key, standIn.ClientRSA.KeyPEM)
		}()
		if c, err := config(t.Context(), 500*time.Millisecond); err != nil || c == old {
			t.Errorf("in the midst of a rotation: %v", err)
		}
		put(key, []byte("none"))
		_, err = config(t.Context(), 3*time.Second)
		wantParameter(t, err, "PrivateKey")
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = config(ended, 0)
		wantParameter(t, err, "PrivateKey")
	})
}

// An error says what is wrong with a key, and nothing more.
func TestIoTUnusableKeys(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	block := func(kind string, headers map[string]string, text string) sources.PEM {
		return sources.PEMBytes(pem.EncodeToMemory(&pem.Block{Type: kind, Headers: headers, Bytes: []byte(text)}))
	}
	legacy := map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}
	for _, c := range []struct {
		key  sources.PEM
		want string
	}{
		{block("ENCRYPTED PRIVATE KEY", nil, "sentinel"), "must be a private key that is not encrypted"},
		{block("RSA PRIVATE KEY", legacy, "sentinel"), "must be a private key that is not encrypted"},
		{block("PRIVATE KEY", nil, "sentinel"), "must be the private key of Certificate: RSA, EC or Ed25519"},
		{sources.PEMBytes(standIn.ClientRSA.KeyPEM), "must be the private key of Certificate: RSA, EC or Ed25519"},
		{sources.PEMBytes(standIn.ClientEC.CertPEM), "must hold a private key in PEM form"},
		{sources.PEMBytes(standIn.ClientEC.KeyPEM[:100]), "must be complete PEM text"},
		{sources.PEMFile("sentinel"), "must be a file that can be read: " + syscall.ENOENT.Error()},
		{sources.PEMFile(endless(t)), "must be a file of at most 1048576 bytes"},
	} {
		p := iotParams(standIn)
		p.PrivateKey = c.key
		_, err := sources.NewIoT(p)
		wantParameter(t, err, "PrivateKey")
		if !strings.HasSuffix(err.Error(), "PrivateKey "+c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
		wantNoSecret(t, err, "sentinel", "c2VudGluZWw")
	}
}

// endless is a file with more in it than any key has.
func endless(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "endless.pem")
	if err := os.WriteFile(path, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
