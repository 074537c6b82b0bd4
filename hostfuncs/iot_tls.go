package hostfuncs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net/http"
	"sync"
	"time"
)

// identity keeps one connection pool for as long as certificate, key and
// authorities stay what they are: a handshake costs far more than reading three
// small files, and a rotated certificate must be shown at the next refresh.
type identity struct {
	params *IoTParams
	mu     sync.Mutex
	texts  [3][]byte // certificate, key, CA
	pool   *http.Transport
}

// transport gives the pool for what the files hold now.
func (d *identity) transport() (*http.Transport, error) {
	texts, err := d.params.texts()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pool != nil && same(d.texts, texts) {
		return d.pool, nil
	}
	pool, err := d.params.transport(texts)
	if err != nil {
		return nil, err
	}
	if d.pool != nil {
		d.pool.CloseIdleConnections()
	}
	d.pool, d.texts = pool, texts
	return pool, nil
}

func (d *identity) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pool != nil {
		d.pool.CloseIdleConnections()
	}
}

func same(a, b [3][]byte) bool {
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func (p *IoTParams) texts() (texts [3][]byte, err error) {
	for i, source := range []struct {
		name string
		pem  PEM
	}{{"Certificate", p.Certificate}, {"PrivateKey", p.PrivateKey}, {"CA", p.CA}} {
		if texts[i], err = source.pem.read(); err != nil {
			return texts, &ParameterError{source.name, "must be a file that can be read: " + reason(err)}
		}
	}
	return texts, nil
}

// reason is what the system says of a file, without the path: a certificate's
// text that was given for a path must not be echoed.
func reason(err error) string {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err.Error()
	}
	return "unknown error"
}

// transport makes a pool. Its errors never quote what could not be parsed.
func (p *IoTParams) transport(texts [3][]byte) (*http.Transport, error) {
	cert, err := p.clientCertificate(texts[0], texts[1])
	if err != nil {
		return nil, err
	}
	secure := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		Certificates:       []tls.Certificate{cert},
		InsecureSkipVerify: p.InsecureSkipVerify,
	}
	if !p.CA.empty() {
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(texts[2]) {
			return nil, &ParameterError{"CA", "must be PEM certificates"}
		}
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         p.DialContext,
		TLSClientConfig:     secure,
		TLSHandshakeTimeout: p.timeout(),
		MaxIdleConns:        1, // one call at a time, but for an attempt given up
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}, nil
}

func (p *IoTParams) timeout() time.Duration {
	if p.Timeout == 0 {
		return defaultIoTTimeout
	}
	return p.Timeout
}
