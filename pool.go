package evercreds

import (
	"net/http"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/internal/sources"
)

// pool is the connection pool of a session's own clients: connections that idle
// would otherwise outlive the session by 90 s.
type pool struct {
	client    aws.HTTPClient
	closeIdle func()
	closed    atomic.Bool
}

// take gives the client to use in the place of the one in an aws.Config. It is
// called once. A client of the user's own making stays the user's.
func (p *pool) take(given aws.HTTPClient) aws.HTTPClient {
	p.client, p.closeIdle = sources.OwnClient(given)
	if p.closeIdle == nil {
		return given
	}
	return p
}

// Do sends a request. One that overlaps with close leaves no connection behind
// either: each request that begins makes a pool keep connections again.
func (p *pool) Do(r *http.Request) (*http.Response, error) {
	reply, err := p.client.Do(r)
	if p.closed.Load() {
		p.closeIdle()
	}
	return reply, err
}

func (p *pool) close() {
	p.closed.Store(true)
	if p.closeIdle != nil {
		p.closeIdle()
	}
}
