package main

import (
	"context"
	"sync"
	"time"

	"cloud.google.com/go/auth"
	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/oauth2"

	"github.com/evercreds/evercreds"
)

var cfg = aws.Config{Region: "us-east-1"}

func newSession(options ...evercreds.Option) (*evercreds.Session, error) {
	expires := time.Now().Add(time.Hour)
	return evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{AccessKeyID: "A", SecretAccessKey: "B", SessionToken: "C", Expires: expires}, nil
	}, append(options, evercreds.WithConfig(cfg))...)
}

// hot is one call for fresh credentials, in one goroutine and in one for each processor.
func hot() error {
	session, err := newSession()
	if err != nil {
		return err
	}
	defer session.Close()
	expires := time.Now().Add(time.Hour)
	cache := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "B", CanExpire: true, Expires: expires}, nil
	}))
	token := oauth2.ReuseTokenSource(nil, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: "A", Expiry: expires}))
	google := auth.NewCachedTokenProvider(tokens{&auth.Token{Value: "A", Expiry: expires}}, nil)
	ctx := context.Background()
	kept := map[string]int{"A": 1}
	calls := []struct {
		name string
		call func() error
	}{
		{"evercreds Session.Retrieve", func() error { _, err := session.Retrieve(ctx); return err }},
		{"aws.CredentialsCache.Retrieve", func() error { _, err := cache.Retrieve(ctx); return err }},
		{"oauth2.ReuseTokenSource.Token", func() error { _, err := token.Token(); return err }},
		{"auth.CachedTokenProvider.Token (Google)", func() error { _, err := google.Token(ctx); return err }},
		{"floor: time.Now", func() error { _ = time.Now(); return nil }},
		{"floor: a map look-up", func() error { _ = kept["A"]; return nil }},
	}
	n := fewer(500_000, 1_000)
	var one, many []contender
	for _, c := range calls {
		one = append(one, perCall(c.name, n, c.call))
		many = append(many, perCall(c.name, 2, atOnce(n/2, c.call)))
	}
	for i := range many {
		inner := many[i].measure
		many[i].measure = func() (float64, error) { v, err := inner(); return v / float64(n/2*procs), err }
	}
	if err := interleave("go-hot", "ns", fewer(31, 2), one); err != nil {
		return err
	}
	if err := interleave("go-hot-procs", "ns", fewer(31, 2), many); err != nil {
		return err
	}
	return tellAllocations("go-hot", calls[0].name, n, calls[0].call)
}

const procs = 2

// atOnce has as many goroutines as procs call n times each.
func atOnce(n int, call func() error) func() error {
	return func() error {
		var all sync.WaitGroup
		for range procs {
			all.Go(func() {
				for range n {
					_ = call()
				}
			})
		}
		all.Wait()
		return nil
	}
}

type tokens struct{ token *auth.Token }

func (t tokens) Token(context.Context) (*auth.Token, error) { return t.token, nil }
