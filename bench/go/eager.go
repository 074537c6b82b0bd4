package main

import (
	"context"
	"runtime"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

// eager is what sessions cost that keep themselves fresh, while nothing happens; beside
// them one goroutine with a timer each, or one timer each and nothing else.
func eager(kind string, count int) error {
	var kept []any
	ctx := context.Background()
	fetch := func() aws.Credentials {
		return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "B", SessionToken: "C", CanExpire: true, Expires: time.Now().Add(time.Hour)}
	}
	add := map[string]func() error{
		"evercreds": func() error {
			s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
				return evercreds.Credentials{AccessKeyID: "A", SecretAccessKey: "B", SessionToken: "C", Expires: time.Now().Add(time.Hour)}, nil
			}, evercreds.WithConfig(cfg), evercreds.WithEager())
			kept = append(kept, s)
			return err
		},
		"goroutines": func() error {
			c := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return fetch(), nil }))
			go func() {
				for {
					_, _ = c.Retrieve(ctx)
					<-time.After(45 * time.Minute)
					c.Invalidate()
				}
			}()
			kept = append(kept, c)
			return nil
		},
		"timers": func() error {
			c := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return fetch(), nil }))
			_, err := c.Retrieve(ctx)
			kept = append(kept, c, time.AfterFunc(45*time.Minute, c.Invalidate))
			return err
		},
	}[kind]
	for range 3 {
		if err := add(); err != nil {
			return err
		}
	}
	time.Sleep(100 * time.Millisecond)
	runtime.GC()
	before, running := rss(), runtime.NumGoroutine()
	for range count {
		if err := add(); err != nil {
			return err
		}
	}
	for end := time.Now().Add(time.Minute); kind == "evercreds" && runtime.NumGoroutine() > running && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
	runtime.GC()
	runtime.GC()
	weight := float64(rss()-before) / float64(count)
	begun := cpu()
	time.Sleep(3 * time.Second)
	idle := cpu() - begun
	defer runtime.KeepAlive(kept)
	return tell(map[string]float64{"KiB": weight, "idle ms": float64(idle.Microseconds()) / 1000, "goroutines": float64(runtime.NumGoroutine() - running)})
}

// rss is what lives on the heap and the stacks, in KiB.
func rss() int {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc+m.StackInuse) / 1024
}
