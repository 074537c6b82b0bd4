// Command go measures what a session costs a caller: its Retrieve beside the SDK's
// own cache and the clock reading that is nearly all of either, and a client that
// it keeps beside a plain map and one made anew. The contenders take turns, so that
// a machine whose speed drifts treats them alike; look at the ratios.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/share"
)

const rounds = 21

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	expires := time.Now().Add(time.Hour)
	cfg := aws.Config{Region: "us-east-1"}
	fetch := func(context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{AccessKeyID: "A", SecretAccessKey: "B", SessionToken: "C", Expires: expires}, nil
	}
	session, err := evercreds.NewCustom(fetch, evercreds.WithConfig(cfg))
	if err != nil {
		return err
	}
	defer session.Close()
	dir, err := os.MkdirTemp("", "evercreds-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	store, err := share.File(filepath.Join(dir, "group"))
	if err != nil {
		return err
	}
	sharing, err := evercreds.NewCustom(fetch, evercreds.WithShare(store), evercreds.WithShareID("bench"))
	if err != nil {
		return err
	}
	defer sharing.Close()
	peer := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "B", CanExpire: true, Expires: expires}, nil
	}))
	clock := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{Expires: time.Now()}, nil
	})
	if err := compare(1_000_000, []contender{
		{"evercreds Session.Retrieve", retrieve(session)},
		{"the same, with WithShare", retrieve(sharing)},
		{"aws.CredentialsCache.Retrieve", retrieve(peer)},
		{"time.Now", retrieve(clock)},
	}); err != nil {
		return err
	}
	fmt.Println()
	elsewhere := func(o *sts.Options) { o.Region = "eu-west-1" }
	return compare(5_000, []contender{
		{"a map by the same key", mapped()},
		{"evercreds.Client, kept", kept(session)},
		{"evercreds.Client with an option", kept(session, elsewhere)},
		{"sts.NewFromConfig", func() error { sts.NewFromConfig(cfg, elsewhere); return nil }},
	})
}

func retrieve(p aws.CredentialsProvider) func() error {
	return func() error {
		_, err := p.Retrieve(context.Background())
		return err
	}
}

func kept(s *evercreds.Session, opts ...func(*sts.Options)) func() error {
	return func() error {
		_, err := evercreds.Client(s, sts.NewFromConfig, opts...)
		return err
	}
}

// mapped is what a program does that keeps its one client by a key of its own.
func mapped() func() error {
	var lock sync.RWMutex
	clients := map[[32]byte]any{{1}: sts.New(sts.Options{})}
	for n := range byte(9) {
		clients[[32]byte{n + 2}] = nil
	}
	return func() error {
		lock.RLock()
		defer lock.RUnlock()
		if client, _ := clients[[32]byte{1}].(*sts.Client); client == nil {
			return errors.New("no client")
		}
		return nil
	}
}

type contender struct {
	name string
	call func() error
}

// compare prints each contender's median time for a call, and its median ratio
// to the first, round by round.
func compare(calls int, all []contender) error {
	took := make([][]float64, len(all))
	for range rounds {
		for i, c := range all {
			begun := time.Now()
			for range calls {
				if err := c.call(); err != nil {
					return err
				}
			}
			took[i] = append(took[i], float64(time.Since(begun).Nanoseconds())/float64(calls))
		}
	}
	for i, c := range all {
		ratios := make([]float64, rounds)
		for r := range ratios {
			ratios[r] = took[i][r] / took[0][r]
		}
		fmt.Printf("%-32s %8.1f ns  x %.2f\n", c.name, median(took[i]), median(ratios))
	}
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
