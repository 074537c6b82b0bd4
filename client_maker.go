package evercreds

import (
	"crypto/rand"
	"reflect"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
)

// clientMaker is what a session makes clients from.
type clientMaker struct {
	config func() aws.Config // the session's, before it is made the clients'
	pool   pool
	caches [2]*ClientCache
	salt   [16]byte // of the keys

	mu       sync.Mutex
	own      *aws.Config
	services map[uintptr]*service // by the address of the constructor
}

// servicesKept bounds how many are remembered. A program has a handful of
// constructors; one that makes a function for each call has no end of them.
const servicesKept = 64

// service is what is known of a constructor, which is kept so that no other gets
// its address.
type service struct {
	constructor any
	defaults    any       // *Options
	fields      []span    // of the options
	key         clientKey // of a client without further options
	region      int       // the fields that all services have, or -1
	endpoint    int
	credentials int
}

func newClientMaker(config func() aws.Config) *clientMaker {
	m := &clientMaker{config: config}
	_, _ = rand.Read(m.salt[:]) // never fails
	for _, policy := range []EvictionPolicy{LRU, LFU} {
		m.caches[policy] = &ClientCache{maker: m, policy: policy, maxSize: core.DefaultCacheSize}
		m.caches[policy].Clear()
	}
	return m
}

// configured gives the config of the session's own clients, which have a
// connection pool that ends with the session.
func (m *clientMaker) configured() *aws.Config {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.own == nil {
		cfg := m.config()
		cfg.HTTPClient = m.pool.take(cfg.HTTPClient)
		m.own = &cfg
	}
	return m.own
}

// serviceOf gives what is known of a constructor; find tells its defaults.
func (m *clientMaker) serviceOf(constructor any, find func() any) *service {
	id := functionID(constructor)
	m.mu.Lock()
	known := m.services[id]
	m.mu.Unlock()
	if known != nil {
		return known
	}
	found := m.newService(constructor, find()) // without the lock: code of the user's may run in it
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.services == nil || len(m.services) == servicesKept {
		m.services = map[uintptr]*service{}
	}
	m.services[id] = found
	return found
}

func (m *clientMaker) newService(constructor, defaults any) *service {
	s := &service{constructor: constructor, defaults: defaults, region: -1, endpoint: -1, credentials: -1}
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
	return s
}

func (m *clientMaker) close() {
	for _, c := range m.caches {
		c.close()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pool.close()
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
