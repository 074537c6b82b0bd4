//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

// numbered makes a session whose sets last an hour and are called 1, 2, 3.
func numbered(t *testing.T, opts ...evercreds.Option) *evercreds.Session {
	t.Helper()
	n := 0
	s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		n++
		return evercreds.Credentials{
			AccessKeyID: fmt.Sprint(n), SecretAccessKey: "secret", SessionToken: fmt.Sprint(n), Expires: time.Now().Add(time.Hour),
		}, nil
	}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// wraps are the ways in which a provider gets into caches of the SDK's.
var wraps = map[string]func(aws.CredentialsProvider) aws.CredentialsProvider{
	"a cache":  func(p aws.CredentialsProvider) aws.CredentialsProvider { return aws.NewCredentialsCache(p) },
	"a window": windowed,
	"two":      func(p aws.CredentialsProvider) aws.CredentialsProvider { return windowed(aws.NewCredentialsCache(p)) },
}

func windowed(p aws.CredentialsProvider) aws.CredentialsProvider {
	return aws.NewCredentialsCache(p, func(o *aws.CredentialsCacheOptions) {
		o.ExpiryWindow, o.ExpiryWindowJitterFrac = 10*time.Second, 0.5
	})
}

// A asks through a cache; the advisory window comes; A asks: a refresh runs, and A has
// the new set. The set is given up; A asks: A has another. The session is closed; A asks:
// A hears of it.
func TestUncachedInCaches(t *testing.T) {
	for name, wrap := range wraps {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var hear told
				s := numbered(t, evercreds.WithEvents(hear.hook))
				cache := wrap(s.Uncached())
				key := func() string {
					set, err := cache.Retrieve(t.Context())
					if err != nil {
						t.Error(err)
					}
					synctest.Wait() // the refresh that this began
					return set.AccessKeyID
				}
				var got []string
				got = append(got, key())
				time.Sleep(44 * time.Minute)
				got = append(got, key())
				time.Sleep(2 * time.Minute)
				got = append(got, key(), key())
				held, _ := s.Retrieve(t.Context())
				s.Invalidate(held)
				got = append(got, key())
				if _, err := s.Refresh(t.Context()); err != nil {
					t.Error(err)
				}
				got = append(got, key())
				if text := strings.Join(got, " "); text != "1 1 1 2 3 4" {
					t.Error(text)
				}
				_ = s.Close()
				if _, err := cache.Retrieve(t.Context()); !errors.Is(err, evercreds.ErrClosed) {
					t.Errorf("closed: %v", err)
				}
				if text := hear.take(); strings.Contains(text, "warning") {
					t.Error(text)
				}
			})
		})
	}
}

// A session in a cache of the SDK's, without Uncached, is told of once.
func TestASessionInACacheIsToldOf(t *testing.T) {
	for name, wrap := range wraps {
		synctest.Test(t, func(t *testing.T) {
			var hear told
			s := numbered(t, evercreds.WithEvents(hear.hook))
			cache := wrap(s)
			for range 3 {
				if _, err := cache.Retrieve(t.Context()); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Hour)
			}
			if text := hear.take(); strings.Count(text, "warning an aws.CredentialsCache stands between") != 1 {
				t.Errorf("%s: %s", name, text)
			}
		})
	}
}

type anyKey struct{}

// Callers that are no cache are none, whatever their context.
func TestNoCacheIsToldOfWhereThereIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hear told
		s := numbered(t, evercreds.WithEvents(hear.hook))
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), anyKey{}, 1), 24*time.Hour)
		defer cancel()
		for _, c := range []context.Context{nil, ctx, context.WithoutCancel(ctx)} {
			if _, err := s.Retrieve(c); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Hour)
		}
		if text := hear.take(); strings.Contains(text, "warning") {
			t.Error(text)
		}
	})
}

// The child of a session in a cache is a chained one: its life is bounded, it asks its
// parent itself, and a nil session is refused.
func TestChainingThroughACache(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	base := cfg.Credentials
	ways := map[string]func(*evercreds.Session) aws.CredentialsProvider{
		"the session": func(s *evercreds.Session) aws.CredentialsProvider { return s },
		"Uncached":    func(s *evercreds.Session) aws.CredentialsProvider { return s.Uncached() },
	}
	for name, wrap := range wraps {
		ways["the session in "+name] = func(s *evercreds.Session) aws.CredentialsProvider { return wrap(s) }
		ways["Uncached in "+name] = func(s *evercreds.Session) aws.CredentialsProvider { return wrap(s.Uncached()) }
	}
	for name, way := range ways {
		cfg.Credentials = base
		parent := newSTS(t, cfg)
		cfg.Credentials = way(parent)
		role := evercreds.AssumeRole{RoleARN: roleARN, Duration: 2 * time.Hour}
		var wrong *evercreds.ParameterError
		if _, err := evercreds.NewSTS(cfg, role); !errors.As(err, &wrong) || wrong.Parameter != "Duration" {
			t.Errorf("%s: %v", name, err)
		}
		child := newSTS(t, cfg)
		before, _ := parent.Retrieve(t.Context())
		if err := standIn.RevokeHeld(t.Context(), parent); err != nil {
			t.Fatal(err)
		}
		if _, err := child.Retrieve(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if after, _ := parent.Retrieve(t.Context()); after.AccessKeyID == before.AccessKeyID {
			t.Errorf("%s: the parent was not told", name)
		}
		cfg.Credentials = way(nil)
		if _, err := evercreds.NewSTS(cfg, role); !errors.As(err, &wrong) || wrong.Parameter != "Credentials" {
			t.Errorf("%s, nil: %v", name, err)
		}
	}
}

// Sessions that are each other's parents through caches: an error at once.
func TestARingThroughCaches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := make([]*evercreds.Session, 2)
		for i := range all {
			var err error
			all[i], err = evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
				_, err := aws.NewCredentialsCache(all[1-i].Uncached()).Retrieve(ctx)
				return evercreds.Credentials{}, err
			})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = all[i].Close() }()
		}
		begun := time.Now()
		if _, err := all[0].Retrieve(t.Context()); !errors.Is(err, evercreds.ErrReentrant) || time.Since(begun) > 0 {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
	})
}
