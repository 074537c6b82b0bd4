// config.WithCredentialsProvider(session) has the SDK keep credentials itself: the session
// tells so by a warning event, once.
// title: config.WithCredentialsProvider, the wrong form
// framework: github.com/aws/aws-sdk-go-v2/config
// sets: 1

package main

import (
	"context"
	"log"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/users/refreshed"
)

func main() {
	ctx := context.Background()
	warnings := make(chan string, 100)
	base := refreshed.Must(config.LoadDefaultConfig(ctx))
	session := refreshed.Must(evercreds.NewSTS(base, evercreds.AssumeRole{RoleARN: refreshed.RoleARN},
		evercreds.WithEvents(func(e evercreds.Event) {
			if e.Kind == evercreds.EventWarning && strings.Contains(e.Message, "CredentialsCache") {
				warnings <- e.Message
			}
		})))
	defer session.Close()
	cfg := refreshed.Must(config.LoadDefaultConfig(ctx, config.WithCredentialsProvider(session)))
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	for range 3 {
		refreshed.Must(client.ListBuckets(ctx, nil))
	}
	select {
	case told := <-warnings:
		log.Println(told)
	case <-time.After(30 * time.Second):
		log.Fatal("no warning")
	}
	if len(warnings) > 0 {
		log.Fatalf("warned again: %s", <-warnings)
	}
}
