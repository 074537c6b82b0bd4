// A bucket of gocloud.dev/blob over a client of the session.
// title: gocloud.dev/blob/s3blob
// framework: gocloud.dev
// moto: yes

package main

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob/s3blob"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/users/refreshed"
)

func main() {
	ctx := context.Background()
	cfg := refreshed.Must(config.LoadDefaultConfig(ctx))
	session := refreshed.Must(evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: refreshed.RoleARN}))
	defer session.Close()
	client := s3.NewFromConfig(session.Config(cfg), func(o *s3.Options) { o.UsePathStyle = true })
	refreshed.Must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("gocloud")}))
	bucket := refreshed.Must(s3blob.OpenBucketV2(ctx, client, "gocloud", nil))
	defer func() { _ = bucket.Close() }()
	refreshed.Until(func(ctx context.Context) error {
		if err := bucket.WriteAll(ctx, "note.txt", []byte("well"), nil); err != nil {
			return err
		}
		text, err := bucket.ReadAll(ctx, "note.txt")
		if err == nil && string(text) != "well" {
			err = fmt.Errorf("got %q", text)
		}
		return err
	})
}
