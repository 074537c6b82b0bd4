package sources

import (
	"context"
	"crypto/tls"
	"net/http"
	"sync"
	"time"
)

// iotPool keeps connections for as long as the files stay what they are: a
// handshake costs far more than reading three small files, and a rotated
// certificate must be shown at the next refresh.
type iotPool struct {
	params *IoTParams
	tls    *DeviceTLS

	mu   sync.Mutex
	of   *tls.Config
	http *http.Transport
}

// transport gives the pool for what the files hold now.
func (p *iotPool) transport(ctx context.Context) (*http.Transport, error) {
	config, err := p.tls.Config(ctx)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == config {
		return p.http, nil
	}
	if p.http != nil {
		p.http.CloseIdleConnections()
	}
	secure := config.Clone()
	secure.InsecureSkipVerify = p.params.InsecureSkipVerify
	p.of, p.http = config, &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         p.params.DialContext,
		TLSClientConfig:     secure,
		TLSHandshakeTimeout: p.params.timeout(),
		MaxIdleConns:        1, // one call at a time, but for an attempt given up
		IdleConnTimeout:     90 * time.Second,
		ForceAttemptHTTP2:   true,
	}
	return p.http, nil
}

func (p *iotPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.http != nil {
		p.http.CloseIdleConnections()
	}
}
