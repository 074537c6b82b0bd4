package evercreds

import (
	"reflect"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Clients is where [Client] caches clients: a [*Session], which stands for its LRU cache,
// or a [*ClientCache] of [Session.Cache].
type Clients interface {
	clientCache() *ClientCache // nil: there is none
}

func (s *Session) clientCache() *ClientCache { return s.Cache(LRU) }

func (c *ClientCache) clientCache() *ClientCache { return c }

// Client returns a client of a service that signs with the session's credentials, as
// clients of [Session.Config] do. The service's own constructor makes it, from the config
// of [NewSTS] or of [WithConfig]:
//
//	client, err := evercreds.Client(session, s3.NewFromConfig, func(o *s3.Options) {
//		o.Region = "eu-west-1"
//	})
//
// Equal constructors and options return the same client, which is made once however many
// goroutines ask. Client compares options by what they change: plain values, those
// behind pointers such as *string, and the elements of lists by value. Functions, other
// pointers and pointers in interfaces equal only themselves; make them once, outside of opts. An option that sets
// what holds anyway changes nothing. Client calls the functions in opts each time, and
// they must do nothing but set options.
//
// A session caches ten clients, and drops the least recently used one; [Session.Cache]
// has other bounds and LFU. A dropped client still works for whoever has it.
//
// Client returns a [*ParameterError] if an argument is nil or opts set Credentials, and
// [ErrClosed] matches if the session is closed.
func Client[C, O any](in Clients, newFromConfig func(aws.Config, ...func(*O)) C, opts ...func(*O)) (C, error) {
	var none C
	cache, err := cacheOf(in)
	if err != nil {
		return none, err
	}
	if newFromConfig == nil {
		return none, &ParameterError{Parameter: "newFromConfig", Expected: "must be a constructor of the SDK's such as s3.NewFromConfig, not nil"}
	}
	for _, opt := range opts {
		if opt == nil {
			return none, &ParameterError{Parameter: "opts", Expected: "must not contain nil"}
		}
	}
	maker := cache.maker
	cfg := maker.configured()
	id := functionID(newFromConfig)
	service := maker.known(id)
	if service == nil {
		service = maker.learn(id, newFromConfig, defaultOptions(cfg, newFromConfig))
	}
	if len(opts) == 0 && service.complete {
		if e := service.kept[cache.policy].Load(); e != nil {
			cache.use(e)
			return cache.made(e).(C), nil
		}
	}
	key, chosen := &service.key, service.defaults
	if len(opts) > 0 {
		options := copyOptions(service.defaults.(*O))
		for _, opt := range opts {
			opt(options)
		}
		of := maker.keyOf(service, options)
		chosen, key = options, &of
	}
	if len(opts) > 0 || !service.complete {
		if err := service.check(chosen); err != nil {
			return none, err
		}
	}
	e := cache.find(key)
	if e == nil {
		var kept *atomic.Pointer[cachedClient]
		if *key == service.key {
			kept = &service.kept[cache.policy]
		}
		e, err = cache.add(&cachedClient{
			key:         *key,
			kept:        kept,
			name:        reflect.TypeFor[C]().String(),
			make:        func() any { return newFromConfig(*cfg, opts...) },
			constructor: newFromConfig,
			options:     chosen,
		})
		if err != nil {
			return none, err
		}
	}
	return cache.made(e).(C), nil // the key holds the constructor
}

func cacheOf(in Clients) (*ClientCache, error) {
	if s, ok := in.(*Session); in == nil || ok && s == nil {
		return nil, &ParameterError{Parameter: "in", Expected: "must be a session or one of its caches, not nil"}
	}
	if c := in.clientCache(); c != nil {
		return c, nil
	}
	return nil, &ParameterError{Parameter: "in", Expected: "must be a session or its cache by LRU or by LFU, not nil"}
}

// defaultOptions gives the options of a service as its constructor shows them to
// the functions that change them.
func defaultOptions[C, O any](cfg *aws.Config, newFromConfig func(aws.Config, ...func(*O)) C) *O {
	shown := new(O)
	newFromConfig(*cfg, func(o *O) { shown = copyOptions(o) })
	return shown
}

// copyOptions keeps what is done to the copy from the original. The SDK's options
// have a method that copies the lists which functions append to.
func copyOptions[O any](o *O) *O {
	var to O
	if c, ok := any(o).(interface{ Copy() O }); ok {
		to = c.Copy()
	} else {
		to = *o
	}
	return &to
}
