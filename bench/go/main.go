// Command go measures what fresh credentials cost a caller: a session's
// Retrieve beside the SDK's own cache and the clock reading that is nearly all
// of either. The three take turns, so that a machine whose speed drifts treats
// them alike; look at the ratios.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

const (
	rounds = 21
	calls  = 1_000_000
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	expires := time.Now().Add(time.Hour)
	session, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{AccessKeyID: "A", SecretAccessKey: "B", SessionToken: "C", Expires: expires}, nil
	})
	if err != nil {
		return err
	}
	defer session.Close()
	peer := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "B", CanExpire: true, Expires: expires}, nil
	}))
	clock := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{Expires: time.Now()}, nil
	})
	return compare([]contender{
		{"evercreds Session.Retrieve", session},
		{"aws.CredentialsCache.Retrieve", peer},
		{"time.Now", clock},
	})
}

type contender struct {
	name     string
	provider aws.CredentialsProvider
}

// compare prints each contender's median time for a call, and its median ratio
// to the first, round by round.
func compare(all []contender) error {
	took := make([][]float64, len(all))
	for range rounds {
		for i, c := range all {
			begun := time.Now()
			for range calls {
				if _, err := c.provider.Retrieve(context.Background()); err != nil {
					return err
				}
			}
			took[i] = append(took[i], float64(time.Since(begun).Nanoseconds())/calls)
		}
	}
	for i, c := range all {
		ratios := make([]float64, rounds)
		for r := range ratios {
			ratios[r] = took[i][r] / took[0][r]
		}
		fmt.Printf("%-30s %8.1f ns  x %.2f\n", c.name, median(took[i]), median(ratios))
	}
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}
