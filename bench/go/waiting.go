package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

// waiting is how long after the source's reply 1,000 callers have the first credentials:
// the p99 of the callers, in milliseconds.
func waiting() error {
	return interleave("waiting-go", "ms", fewer(31, 1), []contender{
		{"evercreds", func() (float64, error) {
			return p99(func(source func() time.Time) (func() error, func()) {
				s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
					return evercreds.Credentials{AccessKeyID: "A", SecretAccessKey: "B", SessionToken: "C", Expires: source()}, nil
				}, evercreds.WithConfig(cfg))
				if err != nil {
					return func() error { return err }, func() {}
				}
				return func() error { _, err := s.Retrieve(context.Background()); return err }, func() { _ = s.Close() }
			})
		}},
		{"aws.CredentialsCache", func() (float64, error) {
			return p99(func(source func() time.Time) (func() error, func()) {
				c := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "B", CanExpire: true, Expires: source()}, nil
				}))
				return func() error { _, err := c.Retrieve(context.Background()); return err }, func() {}
			})
		}},
		{"floor: sync.Once", func() (float64, error) {
			return p99(func(source func() time.Time) (func() error, func()) {
				var once sync.Once
				return func() error { once.Do(func() { source() }); return nil }, func() {}
			})
		}},
	})
}

func p99(contender func(source func() time.Time) (func() error, func())) (float64, error) {
	const callers = 1_000
	gate := make(chan struct{})
	var replied time.Time
	call, end := contender(func() time.Time {
		<-gate
		replied = time.Now()
		return replied.Add(time.Hour)
	})
	defer end()
	has, failed := [callers]time.Time{}, [callers]error{}
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			failed[i] = call()
			has[i] = time.Now()
		})
	}
	time.Sleep(50 * time.Millisecond) // until they wait
	close(gate)
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return 0, err
		}
	}
	slices.SortFunc(has[:], time.Time.Compare)
	return float64(has[callers*99/100-1].Sub(replied).Microseconds()) / 1000, nil
}
