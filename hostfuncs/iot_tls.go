package hostfuncs

import (
	"bytes"
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
	texts, err := d.params.device().texts(d.params.CA)
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

func (p *IoTParams) transport(texts [3][]byte) (*http.Transport, error) {
	secure, err := p.device().tlsConfig(texts)
	if err != nil {
		return nil, err
	}
	secure.InsecureSkipVerify = p.InsecureSkipVerify
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
