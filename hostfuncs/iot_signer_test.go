package hostfuncs_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
	"github.com/evercreds/evercreds/internal/awstest"
)

// keyOf reads a key, as crypto/tls would.
func keyOf(t *testing.T, c awstest.ClientCert) crypto.Signer {
	t.Helper()
	block, _ := pem.Decode(c.KeyPEM)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(crypto.Signer)
}

// token is a key of which nothing can be had but its public half and signatures.
type token struct {
	key  crypto.Signer
	used atomic.Int64
	sign func() // before each signature
	pss  atomic.Bool
}

func (k *token) Public() crypto.PublicKey { return k.key.Public() }

func (k *token) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.used.Add(1)
	if k.sign != nil {
		k.sign()
	}
	if _, ok := opts.(*rsa.PSSOptions); ok {
		k.pss.Store(true)
	}
	return k.key.Sign(rand, digest, opts)
}

func TestIoTSigner(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	for _, c := range []awstest.ClientCert{standIn.ClientEC, standIn.ClientRSA} {
		key := &token{key: keyOf(t, c)}
		p := iotParams(standIn)
		p.Certificate, p.PrivateKey, p.Signer = hostfuncs.PEMFile(c.CertFile), hostfuncs.PEM{}, key
		source := newIoT(t, p)
		for range 2 {
			if _, err := source.Fetch(t.Context(), flight); err != nil {
				t.Fatal(err)
			}
		}
		if n := key.used.Load(); n != 1 {
			t.Errorf("%d signatures for two calls on one connection", n)
		}
		if isRSA := c.CertFile == standIn.ClientRSA.CertFile; key.pss.Load() != isRSA {
			t.Errorf("TLS 1.3 signs with PSS where the key is RSA: %v, %v", key.pss.Load(), isRSA)
		}
	}
}

// Servers that have TLS 1.2 alone are served too.
func TestIoTSignerTLS12(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	for _, c := range []awstest.ClientCert{standIn.ClientEC, standIn.ClientRSA} {
		var version atomic.Uint32
		old := newTLSServer(t, &tls.Config{MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert},
			func(w http.ResponseWriter, r *http.Request) {
				version.Store(uint32(r.TLS.Version))
				w.WriteHeader(http.StatusForbidden)
			})
		p := iotParams(standIn)
		p.Certificate, p.PrivateKey, p.Signer = hostfuncs.PEMFile(c.CertFile), hostfuncs.PEM{}, &token{key: keyOf(t, c)}
		p.InsecureSkipVerify, p.DialContext = true, dialTo(old)
		_, err := newIoT(t, p).Fetch(t.Context(), flight)
		if e := sourceError(t, err); e.Status != http.StatusForbidden || version.Load() != tls.VersionTLS12 {
			t.Errorf("TLS %x: %v", version.Load(), e)
		}
	}
}

// A signer is anybody's code: whatever it does is an error of this refresh.
func TestIoTSignerThatFails(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for name, c := range map[string]struct {
		sign func()
		want string
	}{
		"panics": {func() { panic("sentinel-pin") }, "panicked"},
		"hangs":  {func() { <-release }, "deadline"},
	} {
		p := iotParams(standIn)
		key := &token{key: keyOf(t, standIn.ClientEC), sign: c.sign}
		p.PrivateKey, p.Signer, p.Timeout = hostfuncs.PEM{}, key, 500*time.Millisecond
		_, err := newIoT(t, p).Fetch(t.Context(), flight)
		e := sourceError(t, err)
		if e.Class != core.Recoverable || !strings.Contains(e.Message, c.want) {
			t.Errorf("a signer that %s: class %v: %v", name, e.Class, e)
		}
		wantNoSecret(t, err, "sentinel-pin")
	}
}

func TestIoTParamsShowNoKey(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	p := iotParams(standIn)
	p.PrivateKey = hostfuncs.PEMBytes(standIn.ClientEC.KeyPEM)
	p.Signer = shown{"sentinel-pin"}
	wantNoSecret(t, p, "sentinel-pin", string(standIn.ClientEC.KeyPEM))
}

// shown would show its PIN to whoever prints its fields.
type shown struct{ PIN string }

func (shown) Public() crypto.PublicKey { return nil }

func (shown) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, io.EOF }

// The header that asks for a lifetime, and nothing where none is asked for.
func TestIoTDuration(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	var asked atomic.Value
	address := newTLSServer(t, &tls.Config{}, func(w http.ResponseWriter, r *http.Request) {
		asked.Store(strings.Join(r.Header.Values("X-Amzn-Iot-Credential-Duration-Seconds"), "|"))
		_, _ = io.WriteString(w, `{"credentials":{"accessKeyId":"A","secretAccessKey":"S","sessionToken":"T","expiration":"2036-01-01T00:00:00Z"}}`)
	})
	for want, d := range map[string]time.Duration{"": 0, "900": 15 * time.Minute} {
		p := iotParams(standIn)
		p.InsecureSkipVerify, p.DialContext, p.Duration = true, dialTo(address), d
		r, err := newIoT(t, p).Fetch(t.Context(), flight)
		if err != nil || asked.Load() != want || r.Duration != d {
			t.Errorf("asked for %q, want %q; told the machine %v: %v", asked.Load(), want, r.Duration, err)
		}
	}
}
