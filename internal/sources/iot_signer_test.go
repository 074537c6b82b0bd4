package sources_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"go/build"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/sources"
	"github.com/evercreds/evercreds/internal/stacks"
)

// token is a key of which nothing can be had but its public half and signatures.
type token struct {
	key  crypto.Signer
	used atomic.Int64
	sign func() error // before each signature
	pss  atomic.Bool
}

func (k *token) Public() crypto.PublicKey { return k.key.Public() }

func (k *token) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.used.Add(1)
	if k.sign != nil {
		if err := k.sign(); err != nil {
			return nil, err
		}
	}
	if _, ok := opts.(*rsa.PSSOptions); ok {
		k.pss.Store(true)
	}
	return k.key.Sign(rand, digest, opts)
}

func TestIoTSigner(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	for _, c := range []awstest.ClientCert{standIn.ClientEC, standIn.ClientRSA} {
		key := &token{key: c.Signer()}
		p := iotParams(standIn)
		p.Certificate, p.PrivateKey, p.Signer = sources.PEMFile(c.CertFile), sources.PEM{}, key
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
		p.Certificate, p.PrivateKey, p.Signer = sources.PEMFile(c.CertFile), sources.PEM{}, &token{key: c.Signer()}
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
	locked := &sources.Error{Class: core.Permanent, Message: "the token is locked"}
	refusal, nothing := errors.New("access to the key is denied"), (*sources.Error)(nil)
	for name, c := range map[string]struct {
		sign  func() error
		want  string
		cause error
		class core.Class
	}{
		"panics":                  {func() error { panic("sentinel-pin") }, "it panicked with a string", nil, core.Recoverable},
		"ends its goroutine":      {func() error { runtime.Goexit(); return nil }, "it ended without an answer", nil, core.Recoverable},
		"fails":                   {func() error { return refusal }, "access to the key is denied", refusal, core.Recoverable},
		"fails for good":          {func() error { return locked }, "the token is locked", locked, core.Permanent},
		"has an error that fails": {func() error { return nothing }, "it panicked with a runtime", nil, core.Recoverable},
		"has a cause that fails":  {func() error { return bottomless{} }, "it panicked with a string", nil, core.Recoverable},
	} {
		p := iotParams(standIn)
		p.PrivateKey, p.Signer = sources.PEM{}, &token{key: standIn.ClientEC.Signer(), sign: c.sign}
		_, err := newIoT(t, p).Fetch(t.Context(), flight)
		e := sourceError(t, err)
		if e.Class != c.class || !strings.HasPrefix(e.Message, "Signer: ") || !strings.Contains(e.Message, c.want) {
			t.Errorf("a signer that %s: class %v: %v", name, e.Class, e)
		}
		if c.cause != nil && !errors.Is(err, c.cause) {
			t.Errorf("a signer that %s: its error is not to be found in %v", name, err)
		}
		wantNoSecret(t, err, "sentinel-pin")
	}
}

// bottomless is an error whose cause cannot be asked for.
type bottomless struct{}

func (bottomless) Error() string { return "sentinel-pin" }
func (bottomless) Unwrap() error { panic("sentinel-pin") }

// A signer that hangs holds two goroutines, and none of a handshake, however many
// attempts there are.
func TestIoTSignerThatHangs(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	key := &token{key: standIn.ClientEC.Signer(), sign: func() error { <-release; return nil }}
	p := iotParams(standIn)
	p.PrivateKey, p.Signer, p.Timeout = sources.PEM{}, key, 300*time.Millisecond
	source := newIoT(t, p)
	for i, want := range []string{"did not answer in time", "did not answer in time", "have not returned", "have not returned"} {
		_, err := source.Fetch(t.Context(), flight)
		if e := sourceError(t, err); e.Class != core.Recoverable || !strings.Contains(e.Message, "Signer: ") || !strings.Contains(e.Message, want) {
			t.Errorf("attempt %d: class %v: %v", i, e.Class, e)
		}
	}
	if n := key.used.Load(); n != 2 {
		t.Errorf("it was called %d times", n)
	}
	const handshake = "tls.(*Conn).clientHandshake"
	for end := time.Now().Add(time.Minute); stacks.Of(handshake) != ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("a handshake goes on:\n%s", stacks.Of(handshake))
		}
	}
}

// Signers that want the message, and not its digest, get it.
func TestIoTMessageSigner(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	key := &messages{token: token{key: standIn.ClientEC.Signer()}}
	p := iotParams(standIn)
	p.PrivateKey, p.Signer = sources.PEM{}, key
	if _, err := newIoT(t, p).Fetch(t.Context(), flight); err != nil {
		t.Fatal(err)
	}
	var want int64
	if slices.Contains(build.Default.ReleaseTags, "go1.26") { // crypto/tls of 1.25 knows of digests alone
		want = 1
	}
	if key.signed.Load() != want || key.used.Load() != 1 {
		t.Errorf("%d messages, %d digests", key.signed.Load(), key.used.Load())
	}
}

type messages struct {
	token
	signed atomic.Int64
}

func (m *messages) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	m.signed.Add(1)
	digest := opts.HashFunc().New()
	digest.Write(message)
	return m.Sign(rand, digest.Sum(nil), opts)
}

// AWS IoT knows certificates that no authority of its own has signed.
func TestIoTSendsItsCertificateToAnyAuthority(t *testing.T) {
	standIn, other := startStandIn(t, awstest.Config{}), startStandIn(t, awstest.Config{})
	named := x509.NewCertPool()
	named.AppendCertsFromPEM(other.CAPEM)
	var shown atomic.Int64
	address := newTLSServer(t, &tls.Config{ClientAuth: tls.RequestClientCert, ClientCAs: named}, func(w http.ResponseWriter, r *http.Request) {
		shown.Store(int64(len(r.TLS.PeerCertificates)))
		w.WriteHeader(http.StatusForbidden)
	})
	p := iotParams(standIn)
	p.InsecureSkipVerify, p.DialContext = true, dialTo(address)
	_, err := newIoT(t, p).Fetch(t.Context(), flight)
	if e := sourceError(t, err); e.Status != http.StatusForbidden || shown.Load() != 1 {
		t.Errorf("%d certificates: %v", shown.Load(), e)
	}
}

func TestIoTParamsShowNoKey(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	p := iotParams(standIn)
	p.PrivateKey = sources.PEMBytes(standIn.ClientEC.KeyPEM)
	p.Signer = shown{"sentinel-pin"}
	wantNoSecret(t, p, "sentinel-pin", string(standIn.ClientEC.KeyPEM))
}

// shown would show its PIN to whoever prints its fields.
type shown struct{ PIN string }

func (shown) Public() crypto.PublicKey { return nil }

func (shown) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, io.EOF }

// A request has the header that asks for a lifetime only if one is asked for.
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
