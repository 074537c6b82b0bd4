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
	defaults map[uintptr]defaults // by the address of the constructor
}

// defaults are a constructor's, which is kept so that no other gets its address.
type defaults struct{ constructor, options any }

// defaultsKept bounds how many are remembered. A program has a handful of
// constructors; one that makes a function for each call has no end of them.
const defaultsKept = 64

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
func (m *clientMaker) configured() aws.Config {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.own == nil {
		cfg := m.config()
		cfg.HTTPClient = m.pool.take(cfg.HTTPClient)
		m.own = &cfg
	}
	return *m.own
}

// defaultsOf remembers what find gives for a constructor.
func (m *clientMaker) defaultsOf(constructor any, find func() any) any {
	id := functionID(constructor)
	m.mu.Lock()
	known, ok := m.defaults[id]
	m.mu.Unlock()
	if ok {
		return known.options
	}
	options := find() // without the lock: code of the user's may run in it
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.defaults == nil || len(m.defaults) == defaultsKept {
		m.defaults = map[uintptr]defaults{}
	}
	m.defaults[id] = defaults{constructor, options}
	return options
}

func (m *clientMaker) close() {
	for _, c := range m.caches {
		c.close()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pool.close()
}

// checkOptions looks at the fields that the options of all services have.
func checkOptions(defaults, chosen any) error {
	was, is := reflect.ValueOf(defaults).Elem(), reflect.ValueOf(chosen).Elem()
	if is.Kind() != reflect.Struct {
		return nil
	}
	if f := is.FieldByName("Credentials"); f.IsValid() && !sameBytes(was.FieldByName("Credentials"), f) {
		return &ParameterError{Parameter: "Credentials", Expected: "must be left out of a client's options: they are the session's"}
	}
	region, endpoint := is.FieldByName("Region"), is.FieldByName("BaseEndpoint")
	if region.IsValid() && region.IsZero() && (!endpoint.IsValid() || endpoint.IsZero()) {
		return &ParameterError{Parameter: "Region", Expected: "must be set in the session's config (WithConfig) or in the client's options"}
	}
	return nil
}
