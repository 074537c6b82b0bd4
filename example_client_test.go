package evercreds_test

import (
	"context"
	"fmt"
	"log"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

// A session keeps the clients that are asked for: here of STS, of S3 with
// s3.NewFromConfig.
func ExampleClient() {
	ctx := context.Background()
	session, err := evercreds.NewSTS(loadConfig(ctx), evercreds.AssumeRole{RoleARN: "arn:aws:iam::210987654321:role/reader"})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	whoIsThere := func() string {
		client, err := evercreds.Client(session, sts.NewFromConfig, func(o *sts.Options) { o.RetryMaxAttempts = 5 })
		if err != nil {
			log.Fatal(err)
		}
		who, err := client.GetCallerIdentity(ctx, nil)
		if err != nil {
			log.Fatal(err)
		}
		return aws.ToString(who.Arn)
	}
	for range 2 {
		fmt.Println(whoIsThere())
	}
	stats := session.Cache(evercreds.LRU).Stats()
	fmt.Println(stats.Misses, "made,", stats.Hits, "found")
	// Output:
	// arn:aws:sts::210987654321:assumed-role/reader/evercreds
	// arn:aws:sts::210987654321:assumed-role/reader/evercreds
	// 1 made, 1 found
}

// The other cache forgets the client that is asked for least often; here it keeps
// up to 20.
func ExampleSession_Cache() {
	ctx := context.Background()
	session, err := evercreds.NewSTS(loadConfig(ctx), evercreds.AssumeRole{RoleARN: "arn:aws:iam::210987654321:role/reader"})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	cache := session.Cache(evercreds.LFU).Resize(20)
	if _, err := evercreds.Client(cache, sts.NewFromConfig); err != nil {
		log.Fatal(err)
	}
	for _, c := range cache.List() {
		fmt.Println(c.Name)
	}
	fmt.Println(cache)
	// Output:
	// *sts.Client
	// evercreds.ClientCache(LFU, 1 of 20)
}

// Events are for counters and alarms: no caller waits for the function.
func ExampleWithEvents() {
	ctx := context.Background()
	var refreshes sync.Map
	session, err := evercreds.NewSTS(loadConfig(ctx), evercreds.AssumeRole{RoleARN: "arn:aws:iam::210987654321:role/reader"},
		evercreds.WithEvents(func(e evercreds.Event) {
			switch e.Kind {
			case evercreds.EventStart:
				refreshes.Store(e.Cause, true)
			case evercreds.EventFailure:
				log.Print(e.Err)
			}
		}))
	if err != nil {
		log.Fatal(err)
	}
	if _, err := session.Retrieve(ctx); err != nil {
		log.Fatal(err)
	}
	session.Close() // waits for the last event
	refreshes.Range(func(cause, _ any) bool { fmt.Println(cause); return true })
	// Output: first
}
