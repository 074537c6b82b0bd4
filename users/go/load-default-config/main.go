// LoadDefaultConfig gives the base credentials; session.Config gives clients the session's own.
// title: config.LoadDefaultConfig
// framework: github.com/aws/aws-sdk-go-v2/config
// short: yes

package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/users/refreshed"
)

func main() {
	cfg := refreshed.Must(config.LoadDefaultConfig(context.Background()))
	session := refreshed.Must(evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: refreshed.RoleARN}))
	defer session.Close()
	client := s3.NewFromConfig(session.Config(cfg), func(o *s3.Options) { o.UsePathStyle = true })
	refreshed.Until(func(ctx context.Context) error {
		_, err := client.ListBuckets(ctx, nil)
		return err
	})
}
