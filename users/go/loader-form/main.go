// Where the loader must know the session: Uncached is the provider for its cache, and
// APIOptions report refused credentials.
// title: config.WithCredentialsProvider
// framework: github.com/aws/aws-sdk-go-v2/config

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/users/refreshed"
)

func main() {
	ctx := context.Background()
	base := refreshed.Must(config.LoadDefaultConfig(ctx))
	session := refreshed.Must(evercreds.NewSTS(base, evercreds.AssumeRole{RoleARN: refreshed.RoleARN}))
	defer session.Close()
	cfg := refreshed.Must(config.LoadDefaultConfig(ctx,
		config.WithCredentialsProvider(session.Uncached()),
		config.WithAPIOptions(session.APIOptions()),
	))
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	refreshed.Until(func(ctx context.Context) error {
		_, err := client.ListBuckets(ctx, nil)
		return err
	})
}
