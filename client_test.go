//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
)

func region(name string) func(*sts.Options) { return func(o *sts.Options) { o.Region = name } }

func client(t *testing.T, in evercreds.Clients, opts ...func(*sts.Options)) *sts.Client {
	t.Helper()
	c, err := evercreds.Client(in, sts.NewFromConfig, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// local is a session whose clients are made and never called.
func local(t *testing.T) *evercreds.Session {
	t.Helper()
	s := open(t, &vault{}, evercreds.WithConfig(aws.Config{Region: "us-east-1"}))
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestClientSignsAsTheSessionAndOutlivesARejection(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	c := client(t, s)
	call := func() {
		t.Helper()
		who, err := c.GetCallerIdentity(t.Context(), nil)
		if err != nil || !strings.Contains(*who.Arn, ":assumed-role/reader/") {
			t.Fatalf("got %v, %v", who, err)
		}
	}
	call()
	if err := standIn.RevokeHeld(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	call()
	if st := s.Status(); st.Rejections != 1 || st.Installs != 2 {
		t.Errorf("%+v", st)
	}
}

// The session's clients may be elsewhere than the STS that it is refreshed by.
func TestConfigOfTheClients(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg, evercreds.WithConfig(aws.Config{Region: "eu-west-1", Credentials: aws.AnonymousCredentials{}}))
	o := client(t, s).Options()
	if o.Region != "eu-west-1" || o.BaseEndpoint != nil {
		t.Errorf("region %q, endpoint %v", o.Region, o.BaseEndpoint)
	}
	who, err := s.Identity(t.Context(), func(o *sts.Options) { o.BaseEndpoint, o.Region = &standIn.URL, cfg.Region })
	if err != nil || !strings.Contains(who.ARN, ":assumed-role/reader/") {
		t.Errorf("got %+v, %v", who, err)
	}
	plain := newSTS(t, cfg)
	if o := client(t, plain).Options(); o.Region != cfg.Region || *o.BaseEndpoint != standIn.URL {
		t.Errorf("region %q, endpoint %v", o.Region, o.BaseEndpoint)
	}
}

// The same settings are the same client, however they are written.
func TestEqualOptionsAreOneClient(t *testing.T) {
	s := local(t)
	plain := client(t, s)
	logger, retryer, middle := &quiet{}, retry.NewStandard(), func(*middleware.Stack) error { return nil }
	for name, opts := range map[string][2][]func(*sts.Options){
		"none":                  {nil, {}},
		"a default spelled out": {nil, {region("us-east-1")}},
		"set and set back":      {nil, {region("eu-west-1"), region("us-east-1")}},
		"region":                {{region("eu-west-1")}, {region("eu-central-1"), region("eu-west-1")}},
		"text behind a pointer": {
			{func(o *sts.Options) { o.BaseEndpoint = aws.String("http://localhost:1") }},
			{func(o *sts.Options) { o.BaseEndpoint = aws.String("http://" + "localhost:1") }},
		},
		"order": {
			{region("eu-west-1"), func(o *sts.Options) { o.RetryMaxAttempts = 4 }},
			{func(o *sts.Options) { o.RetryMaxAttempts = 4 }, region("eu-west-1")},
		},
		"a nested struct": {
			{func(o *sts.Options) { o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled }},
			{func(o *sts.Options) { o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled }},
		},
		"a list":                  {{func(o *sts.Options) { o.AuthSchemePreference = []string{"a", "b"} }}, {func(o *sts.Options) { o.AuthSchemePreference = []string{"a", "b"} }}},
		"an object":               {{func(o *sts.Options) { o.Retryer = retryer }}, {func(o *sts.Options) { o.Retryer = retryer }}},
		"a value in an interface": {{func(o *sts.Options) { o.Retryer = aws.NopRetryer{} }}, {func(o *sts.Options) { o.Retryer = aws.NopRetryer{} }}},
		"an object and a function": {
			{func(o *sts.Options) { o.Logger = logger; o.APIOptions = append(o.APIOptions, middle) }},
			{func(o *sts.Options) { o.APIOptions = append(o.APIOptions, middle); o.Logger = logger }},
		},
	} {
		a, b := client(t, s, opts[0]...), client(t, s, opts[1]...)
		if a != b || (a == plain) != (opts[0] == nil) {
			t.Errorf("%s: the same %v, as without options %v", name, a == b, a == plain)
		}
	}
}

func TestDifferentOptionsAreDifferentClients(t *testing.T) {
	s := local(t)
	s.Cache(evercreds.LRU).Resize(100)
	closure := func(n int) func(*middleware.Stack) error {
		return func(*middleware.Stack) error { return fmt.Errorf("%d", n) } // one code, several closures
	}
	httpClient := func(n int) func(*http.Request) (*http.Response, error) {
		return func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("%d", n) }
	}
	var all []func(*sts.Options)
	for n := range 3 {
		preferences := [][]string{{"a", "b"}, {"ab"}, {"b", "a"}}[n]
		all = append(all, region(fmt.Sprint("eu-west-", n)),
			func(o *sts.Options) { o.BaseEndpoint = aws.String(fmt.Sprint("http://localhost:", n)) },
			func(o *sts.Options) { o.APIOptions = append(o.APIOptions, closure(n)) },
			func(o *sts.Options) { o.HTTPClient = doer(httpClient(n)) },
			func(o *sts.Options) { o.RetryMaxAttempts = n + 1 },
			func(o *sts.Options) { o.AppID = fmt.Sprint(n) },
			func(o *sts.Options) { o.AuthSchemePreference = preferences },
			func(o *sts.Options) { o.Logger = &quiet{n: n} },
			func(o *sts.Options) { o.HTTPClient = new(counting) }, // as plain as a pointer can be
		)
	}
	seen := map[*sts.Client]int{}
	for i, opt := range all {
		c := client(t, s, opt)
		if before, ok := seen[c]; ok {
			t.Errorf("options %d and %d are one client", before, i)
		}
		seen[c] = i
	}
	other, err := evercreds.Client(s, func(cfg aws.Config, opts ...func(*sts.Options)) *sts.Client { return sts.NewFromConfig(cfg, opts...) })
	if err != nil || other == client(t, s) {
		t.Errorf("constructors of different behaviour are one: %v", err)
	}
}

type quiet struct{ n int }

func (*quiet) Logf(logging.Classification, string, ...any) {}

// counting is a client that is told from others by its address alone.
type counting int

func (*counting) Do(*http.Request) (*http.Response, error) { return nil, errors.New("no network") }

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// Each client keeps its own options: a list that is appended to does not grow in the
// next client.
func TestOptionsDoNotLeakIntoOtherClients(t *testing.T) {
	s := local(t)
	add := func(o *sts.Options) {
		o.APIOptions = append(o.APIOptions, func(*middleware.Stack) error { return nil })
	}
	want := len(client(t, s).Options().APIOptions)
	for range 3 {
		if n := len(client(t, s, add).Options().APIOptions); n != want+1 {
			t.Fatalf("%d middlewares, want %d", n, want+1)
		}
	}
	if n := len(client(t, s, region("eu-west-1")).Options().APIOptions); n != want {
		t.Errorf("%d middlewares, want %d", n, want)
	}
}

// A missing client is made once, however many callers ask for it. Callers of another
// client do not wait for it.
func TestClientIsMadeOnce(t *testing.T) {
	s := local(t)
	var made atomic.Int64
	hold, shown := make(chan struct{}), make(chan struct{})
	slow := func(cfg aws.Config, opts ...func(*sts.Options)) *sts.Client {
		if made.Add(1) == 3 {
			close(shown)
			<-hold
		}
		return sts.NewFromConfig(cfg, opts...)
	}
	// once to learn the defaults, and once for this client
	if _, err := evercreds.Client(s, slow, region("eu-west-1")); err != nil {
		t.Fatal(err)
	}
	got := make(chan *sts.Client, 500)
	for range 500 {
		go func() {
			c, err := evercreds.Client(s, slow)
			if err != nil {
				t.Error(err)
			}
			got <- c
		}()
	}
	<-shown
	client(t, s) // another one
	close(hold)
	first := <-got
	for range 499 {
		if c := <-got; c != first {
			t.Fatal("two clients for equal options")
		}
	}
	want := evercreds.CacheStats{Size: 3, MaxSize: 10, Hits: 499, Misses: 3}
	if stats := s.Cache(evercreds.LRU).Stats(); stats != want || made.Load() != 3 {
		t.Errorf("made %d times, %+v", made.Load(), stats)
	}
}

func TestCacheBoundsAndPolicies(t *testing.T) {
	s := local(t)
	lru, lfu := s.Cache(evercreds.LRU), s.Cache(evercreds.LFU)
	if lru.Stats().MaxSize != 10 || lfu.Stats().MaxSize != 10 {
		t.Errorf("by default: %v, %v", lru, lfu)
	}
	for _, cache := range []*evercreds.ClientCache{lru.Resize(2), lfu.Resize(-2)} {
		a := client(t, cache, region("a"))
		client(t, cache, region("a"))
		b := client(t, cache, region("b"))
		client(t, cache, region("c"))
		// a was used twice, and longest ago
		if kept := client(t, cache, region("a")) == a; kept != (cache == lfu) {
			t.Errorf("%v: the client used most is kept: %v", cache, kept)
		}
		if client(t, cache, region("b")) == b {
			t.Errorf("%v: three clients are kept", cache)
		}
		want := evercreds.CacheStats{Size: 2, MaxSize: 2, Hits: 1, Misses: 5, Evictions: 3}
		if cache == lfu {
			want.Hits, want.Misses, want.Evictions = 2, 4, 2
		}
		if stats := cache.Stats(); stats != want {
			t.Errorf("%v: %+v, want %+v", cache, stats, want)
		}
	}
	if client(t, s) != client(t, lru) || client(t, s) == client(t, lfu) {
		t.Error("a session means its LRU cache")
	}
	if s.Cache(7) != nil {
		t.Error("there is a third cache")
	}
}

func TestCacheThatKeepsNothing(t *testing.T) {
	s := local(t)
	cache := s.Cache(evercreds.LRU).Resize(0)
	if first, second := client(t, s), client(t, s); first == second {
		t.Error("a client was kept")
	}
	want := evercreds.CacheStats{Misses: 2, Evictions: 2}
	if stats := cache.Stats(); stats != want || cache.List() != nil {
		t.Errorf("%+v, %v", stats, cache.List())
	}
	cache.Resize(3)
	if first, second := client(t, s), client(t, s); first != second {
		t.Error("no client was kept")
	}
}

func TestCacheListAndClear(t *testing.T) {
	s := local(t)
	cache := s.Cache(evercreds.LRU)
	a := client(t, s, region("a"))
	client(t, s, region("b"))
	client(t, s, region("a"))
	list := cache.List()
	if len(list) != 2 || list[0].Name != "*sts.Client" || list[0].Policy != evercreds.LRU || list[0].Key == list[1].Key || len(list[0].Key) != 64 {
		t.Errorf("%+v", list)
	}
	client(t, s, region("c"))
	if now := cache.List(); now[0] != list[0] || now[1] != list[1] {
		t.Error("not in the order in which they would go")
	}
	cache.Clear()
	if stats := cache.Stats(); stats.Size != 0 || stats.Evictions != 0 || stats.MaxSize != 10 {
		t.Errorf("%+v", stats)
	}
	if client(t, s, region("a")) == a {
		t.Error("a client was kept")
	}
}

// A caller keeps its client, also when another has taken its place in the cache.
func TestEvictedClientWorksOn(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	s.Cache(evercreds.LRU).Resize(1)
	c := client(t, s)
	call := func(c *sts.Client) string {
		t.Helper()
		who, err := c.GetCallerIdentity(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return *who.Arn
	}
	before := call(c)
	client(t, s, region("eu-west-1"))
	if after, anew := call(c), call(client(t, s)); after != before || anew != before || !strings.Contains(before, ":assumed-role/reader/") {
		t.Errorf("the caller was %s, then %s, and of a client made anew %s", before, after, anew)
	}
	if _, err := s.Identity(t.Context()); err != nil {
		t.Error(err)
	}
	if stats := s.Cache(evercreds.LRU).Stats(); stats.Size != 1 || stats.Misses != 3 {
		t.Errorf("the session's own client counts: %+v", stats)
	}
}

// A constructor that panics leaves nothing behind.
func TestConstructorThatPanics(t *testing.T) {
	s := local(t)
	broken := true
	calls := 0
	constructor := func(cfg aws.Config, opts ...func(*sts.Options)) *sts.Client {
		if calls++; calls > 1 && broken {
			panic("broken")
		}
		return sts.NewFromConfig(cfg, opts...)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_, _ = evercreds.Client(s, constructor)
	}()
	if n := s.Cache(evercreds.LRU).Stats().Size; n != 0 {
		t.Errorf("%d clients", n)
	}
	broken = false
	if _, err := evercreds.Client(s, constructor); err != nil {
		t.Error(err)
	}
}

func TestClientErrorsNameTheParameter(t *testing.T) {
	s := local(t)
	bare := open(t, &vault{})
	defer bare.Close()
	for name, call := range map[string]func() (*sts.Client, error){
		"in":            func() (*sts.Client, error) { return evercreds.Client(nil, sts.NewFromConfig) },
		"in ":           func() (*sts.Client, error) { return evercreds.Client((*evercreds.Session)(nil), sts.NewFromConfig) },
		"in  ":          func() (*sts.Client, error) { return evercreds.Client(s.Cache(7), sts.NewFromConfig) },
		"newFromConfig": func() (*sts.Client, error) { return evercreds.Client[*sts.Client, sts.Options](s, nil) },
		"opts":          func() (*sts.Client, error) { return evercreds.Client(s, sts.NewFromConfig, nil) },
		"Region":        func() (*sts.Client, error) { return evercreds.Client(bare, sts.NewFromConfig) },
		"Credentials": func() (*sts.Client, error) {
			return evercreds.Client(s, sts.NewFromConfig, func(o *sts.Options) { o.Credentials = aws.AnonymousCredentials{} })
		},
	} {
		_, err := call()
		var p *evercreds.ParameterError
		if !errors.As(err, &p) || p.Parameter != strings.TrimSpace(name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if client(t, bare, region("eu-west-1")) == nil {
		t.Error("no client")
	}
	s.Close()
	var e *evercreds.Error
	if _, err := evercreds.Client(s, sts.NewFromConfig); !errors.As(err, &e) || e.Code != evercreds.CodeClosed {
		t.Errorf("closed: %v", err)
	}
}

// The cache shows nothing of a client's options: they hold headers, and passwords of
// proxies and endpoints.
func TestCacheShowsNoSecret(t *testing.T) {
	s := local(t)
	client(t, s, func(o *sts.Options) {
		o.BaseEndpoint = aws.String("http://user:sentinel-secret@localhost:1")
		o.AppID = "sentinel-secret"
		o.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
			tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy", User: url.UserPassword("user", "sentinel-secret")})
		})
	})
	var log buffer
	cache := s.Cache(evercreds.LRU)
	slog.New(slog.NewTextHandler(&log, nil)).Info("shown", "cache", cache, "list", cache.List())
	_, _ = fmt.Fprintf(&log, "%v %+v %#v %s %+v %#v", cache, cache, cache, cache, cache.List(), cache.List())
	if text := log.String(); strings.Contains(text, "sentinel") || !strings.Contains(text, "*sts.Client") {
		t.Error(text)
	}
}

// 50 goroutines, options that come and go, and the cache is looked at meanwhile.
func TestCacheUnderLoad(t *testing.T) {
	s := local(t)
	cache := s.Cache(evercreds.LFU).Resize(3)
	var all sync.WaitGroup
	for g := range 50 {
		all.Go(func() {
			for n := range 40 {
				name := fmt.Sprint("r", (g*n)%7)
				c, err := evercreds.Client(cache, sts.NewFromConfig, region(name))
				if err != nil || c.Options().Region != name {
					t.Errorf("asked for %s: %v", name, err)
				}
				if n%10 == 0 {
					cache.List()
					cache.Resize(2 + n%3)
				}
			}
		})
	}
	all.Wait()
	stats := cache.Stats()
	if stats.Hits+stats.Misses != 2000 || stats.Size > 4 || stats.Misses-stats.Evictions != int64(stats.Size) {
		t.Errorf("%+v", stats)
	}
}

// Calls that overlap with Close leave no connection behind, and clients cannot be
// used any more.
func TestCloseEndsTheClients(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	for i := range 5 {
		s := newSTS(t, cfg)
		c := client(t, s)
		closeAmidCalls(t, s, time.Duration(i)*time.Millisecond, func() error {
			_, err := c.GetCallerIdentity(context.Background(), nil)
			return err
		})
	}
	wantNothingRunning(t)
	if n := standIn.Counts().Actions[awstest.ActionGetCallerIdentity].Failures; n != 0 {
		t.Errorf("%d calls failed at the service", n)
	}
}
