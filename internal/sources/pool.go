package sources

import (
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// SharedClient gives the HTTP client to use in place of the one in an aws.Config, and a
// function that gives it back. Its connection pool has the settings of the one in the
// config, and all who were given the same one share it, as the SDK's clients of one config
// do: two hundred sessions need no two hundred connections. The last one to give it back
// closes its idle connections, which would outlive it by 90 s in the SDK's own pool. A
// client of the user's own making is given back as it is, and nothing closes it.
func SharedClient(given aws.HTTPClient) (client aws.HTTPClient, giveBack func()) {
	build, ok := given.(*awshttp.BuildableClient)
	if given != nil && !ok {
		return given, func() {}
	}
	shared := pools.get(build)
	return shared, sync.OnceFunc(func() { pools.giveBack(shared) })
}

// pools are those in use. They keep neither pools nor clients alive, since sessions may be
// dropped without a close.
var pools = registry{shared: map[weak.Pointer[awshttp.BuildableClient]]weak.Pointer[pool]{}}

type registry struct {
	mu     sync.Mutex
	shared map[weak.Pointer[awshttp.BuildableClient]]weak.Pointer[pool] // by what they have their settings of; nil: the defaults
}

// pool is a connection pool with its HTTP client.
type pool struct {
	client    http.Client
	closeIdle func()
	of        weak.Pointer[awshttp.BuildableClient]
	users     int // guarded by the registry
	closed    atomic.Bool
}

func (r *registry) get(build *awshttp.BuildableClient) *pool {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := weak.Make(build)
	p := r.shared[key].Value()
	if p == nil {
		p = newPool(build)
		p.of = key
		r.shared[key] = weak.Make(p)
		runtime.AddCleanup(p, r.forget, forgotten{key, r.shared[key]})
	}
	p.users++
	return p
}

func (r *registry) giveBack(p *pool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p.users--; p.users > 0 {
		return
	}
	p.closed.Store(true)
	if r.shared[p.of] == weak.Make(p) {
		delete(r.shared, p.of)
	}
	p.closeIdle()
}

type forgotten struct {
	key  weak.Pointer[awshttp.BuildableClient]
	pool weak.Pointer[pool]
}

// forget drops the entry of a pool that nobody has any more.
func (r *registry) forget(f forgotten) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shared[f.key] == f.pool {
		delete(r.shared, f.key)
	}
}

func newPool(build *awshttp.BuildableClient) *pool {
	if build == nil {
		build = awshttp.NewBuildableClient()
	}
	transport := build.GetTransport() // a copy
	if read, ok := build.GetReadTimeout(); ok {
		transport.ResponseHeaderTimeout = read
	}
	return &pool{closeIdle: transport.CloseIdleConnections, client: http.Client{
		Transport: transport,
		Timeout:   build.GetTimeout(),
		// a signed request is for one host only
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do sends a request. One that overlaps with the end of the pool leaves no connection
// behind either: each request that begins makes a pool keep connections again.
func (p *pool) Do(r *http.Request) (*http.Response, error) {
	reply, err := p.client.Do(r)
	if p.closed.Load() {
		p.closeIdle()
	}
	return reply, err
}
