// The session is an option of the SDK's loader: Uncached for the loader's cache, APIOptions for rejections.
// title: config.WithCredentialsProvider
// framework: github.com/aws/aws-sdk-go-v2/config

package main

import (
	"context"
	"log"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/users/refreshed"
)

func main() {
	ctx := context.Background()
	base := refreshed.Must(config.LoadDefaultConfig(ctx))
	warnings := make(chan string, 10)
	session := refreshed.Must(evercreds.NewSTS(base, evercreds.AssumeRole{RoleARN: refreshed.RoleARN}, evercreds.WithEvents(func(e evercreds.Event) {
		if e.Kind == evercreds.EventWarning {
			warnings <- e.Message
		}
	})))
	cfg := refreshed.Must(config.LoadDefaultConfig(ctx,
		config.WithCredentialsProvider(session.Uncached()), // not: session, which the loader's cache would keep from refreshing
		config.WithAPIOptions(session.APIOptions()),
	))
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	refreshed.Until(func(ctx context.Context) error {
		_, err := client.ListBuckets(ctx, nil)
		return err
	})
	if err := session.Close(); err != nil || len(warnings) != 0 {
		log.Fatal(err, len(warnings))
	}
}
