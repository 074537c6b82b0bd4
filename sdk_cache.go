package evercreds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/sources"
)

// Uncached returns the session as a provider for code that wraps it in an
// aws.CredentialsCache, as config.WithCredentialsProvider does. Such a cache keeps
// credentials until they expire, so a session in it refreshes neither early nor after a
// rejection. What Uncached returns expires at once, so the cache asks for each request,
// and every refresh, rejection, [Session.Invalidate] and [Session.Close] is heeded:
//
//	cfg, err := config.LoadDefaultConfig(ctx,
//		config.WithCredentialsProvider(session.Uncached()),
//		config.WithAPIOptions(session.APIOptions()))
//
// [Session.Config] does both without a cache in between; prefer it where you can. In a
// cache, callers that wait share one wait, and the deadline of a caller's context ends its
// wait with the context's error. The true expiry is in the credentials of
// [Session.Retrieve].
func (s *Session) Uncached() aws.CredentialsProvider { return uncached{s} }

// APIOptions returns what has clients report rejected credentials to the session, and
// send the call once more; see [Session.Config], which includes it. It is for
// config.WithAPIOptions and for the APIOptions of a client, with [Session.Uncached] or the
// session itself as the provider.
func (s *Session) APIOptions() []func(*middleware.Stack) error {
	return []func(*middleware.Stack) error{s.watch}
}

// IsCredentialsProvider is for aws.IsCredentialsProvider, which looks through the SDK's
// caches with it. It reports whether target is a session.
func (s *Session) IsCredentialsProvider(target aws.CredentialsProvider) bool {
	switch t := target.(type) {
	case *sought:
		t.session, t.found = s, true
		return true
	case *Session, uncached:
		return true
	}
	return false
}

type uncached struct{ session *Session }

// longAgo is an expiry that no clock which steps back makes good again.
var longAgo = time.Unix(0, 0)

// Retrieve implements aws.CredentialsProvider.
func (u uncached) Retrieve(ctx context.Context) (aws.Credentials, error) {
	set, err := u.session.retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	set.CanExpire, set.Expires = true, longAgo
	return set, nil
}

// IsCredentialsProvider is that of the session.
func (u uncached) IsCredentialsProvider(target aws.CredentialsProvider) bool {
	return u.session.IsCredentialsProvider(target)
}

// Format prints the session's text for every verb, so that none shows a secret.
func (u uncached) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.session.String()) }

// sought looks for the session that a provider leads to.
type sought struct {
	session *Session
	found   bool
}

// Retrieve is never called.
func (*sought) Retrieve(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil }

// sessionIn finds the session that a provider is, also within any number of the SDK's
// caches.
func sessionIn(provider aws.CredentialsProvider) (*Session, bool) {
	var target sought
	if provider == nil || !sources.IsProvider(provider, &target) {
		return nil, false
	}
	return target.session, target.found
}

// cacheContext is the type of the contexts in which an aws.CredentialsCache calls its
// provider; nil: it has none of its own.
var cacheContext = sync.OnceValue(func() reflect.Type {
	var seen reflect.Type
	_, _ = aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		seen = reflect.TypeOf(ctx)
		return aws.Credentials{}, errors.ErrUnsupported
	})).Retrieve(context.Background())
	if seen == nil || seen.Kind() != reflect.Pointer || !strings.HasPrefix(seen.Elem().PkgPath(), "github.com/aws/") {
		return nil
	}
	return seen
})

// lookForCache tells once that a cache of the SDK's asks. It is called if no lease is
// valid, as at the first call of a session, so that a lease costs no more.
func (s *Session) lookForCache(ctx context.Context) {
	if s.inCache.Load() || ctx == nil || s.log == nil && s.hook == nil {
		return
	}
	if of := cacheContext(); of != nil && reflect.TypeOf(ctx) == of {
		s.foundInCache()
	}
}

func (s *Session) foundInCache() {
	if !s.inCache.Swap(true) {
		s.warn(words.InCache)
	}
}
