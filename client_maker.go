package evercreds

import (
	"crypto/rand"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/internal/sources"
)

// clientMaker is what a session makes clients from.
type clientMaker struct {
	config func() aws.Config // the session's, before it is made the clients'
	caches [2]*ClientCache
	salt   [16]byte // of the keys

	// Who asks for what is known takes no lock.
	own      atomic.Pointer[aws.Config]
	services atomic.Pointer[map[uintptr]*service] // by the address of the constructor; replaced, never written to

	mu       sync.Mutex // guards changes of what is above
	giveBack func()     // the connections
	closed   bool
}

// servicesKept bounds how many are remembered. A program has a handful of
// constructors; one that makes a function for each call has no end of them.
const servicesKept = 64

// service is what is known of a constructor, which is kept so that no other gets
// its address.
type service struct {
	constructor any
	id          uintptr                         // the constructor's address
	defaults    any                             // *Options
	fields      []span                          // of the options
	key         clientKey                       // of a client without further options
	complete    bool                            // a client needs no further options
	kept        [2]atomic.Pointer[cachedClient] // that client, in the cache of each policy
	region      int                             // the fields that all services have, or -1
	endpoint    int
	credentials int
}

func newClientMaker(config func() aws.Config) *clientMaker {
	m := &clientMaker{config: config}
	_, _ = rand.Read(m.salt[:]) // never fails
	for _, policy := range []EvictionPolicy{LRU, LFU} {
		m.caches[policy] = newClientCache(m, policy)
	}
	return m
}

func newClientCache(m *clientMaker, policy EvictionPolicy) *ClientCache {
	return &ClientCache{maker: m, policy: policy, maxSize: defaultCacheSize}
}

// configured gives the config of the session's own clients, which share connections with
// those of other sessions of the same config.
func (m *clientMaker) configured() *aws.Config {
	if own := m.own.Load(); own != nil {
		return own
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.own.Load() == nil {
		cfg := m.config()
		cfg.HTTPClient, m.giveBack = sources.SharedClient(cfg.HTTPClient)
		if m.closed {
			m.giveBack()
		}
		m.own.Store(&cfg)
	}
	return m.own.Load()
}

// known gives what is known of the constructor with this address, or nil.
func (m *clientMaker) known(id uintptr) *service {
	if services := m.services.Load(); services != nil {
		return (*services)[id]
	}
	return nil
}

// learn keeps what the defaults tell of a constructor.
func (m *clientMaker) learn(id uintptr, constructor, defaults any) *service {
	found := m.newService(id, constructor, defaults)
	m.mu.Lock()
	defer m.mu.Unlock()
	services := map[uintptr]*service{id: found}
	if before := m.services.Load(); before != nil && len(*before) < servicesKept {
		maps.Copy(services, *before)
		services[id] = found
	}
	m.services.Store(&services)
	return found
}

func (m *clientMaker) newService(id uintptr, constructor, defaults any) *service {
	s := &service{constructor: constructor, id: id, defaults: defaults, region: -1, endpoint: -1, credentials: -1}
	options := reflect.TypeOf(defaults).Elem()
	if options.Kind() == reflect.Struct {
		for i := range options.NumField() {
			f := options.Field(i)
			s.fields = append(s.fields, span{f.Offset, f.Type.Size()})
			switch f.Name {
			case "Region":
				s.region = i
			case "BaseEndpoint":
				s.endpoint = i
			case "Credentials":
				s.credentials = i
			}
		}
	}
	s.key = m.keyOf(s, defaults)
	s.complete = s.check(defaults) == nil
	return s
}

func (m *clientMaker) close() {
	for _, c := range m.caches {
		c.close()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	if m.giveBack != nil {
		m.giveBack()
	}
}

// check looks at the options that all services have.
func (s *service) check(chosen any) error {
	was, is := reflect.ValueOf(s.defaults), reflect.ValueOf(chosen)
	if s.credentials >= 0 && !s.fields[s.credentials].same(was.UnsafePointer(), is.UnsafePointer()) {
		return &ParameterError{Parameter: "Credentials", Expected: "must be left out of a client's options: they are the session's"}
	}
	if s.region >= 0 && is.Elem().Field(s.region).IsZero() && (s.endpoint < 0 || is.Elem().Field(s.endpoint).IsZero()) {
		return &ParameterError{Parameter: "Region", Expected: "must be set in the session's config (WithConfig) or in the client's options"}
	}
	return nil
}
