// A presigned URL is signed with credentials that last as long as it: MinTTL.
// title: S3 presigned URLs
// framework: github.com/aws/aws-sdk-go-v2/service/s3

package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	const life = 5 * time.Second
	enough := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		return session.Credentials(ctx, evercreds.MinTTL(life))
	})
	urls := s3.NewPresignClient(client, func(o *s3.PresignOptions) {
		o.ClientOptions = append(o.ClientOptions, func(o *s3.Options) { o.Credentials = enough })
	})
	refreshed.Until(func(ctx context.Context) error {
		link, err := urls.PresignHeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("evercreds")}, s3.WithPresignExpires(life))
		if err != nil {
			return err
		}
		request, err := http.NewRequestWithContext(ctx, link.Method, link.URL, nil)
		if err != nil {
			return err
		}
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = reply.Body.Close() }()
		if reply.StatusCode == http.StatusForbidden || reply.StatusCode == http.StatusBadRequest {
			return fmt.Errorf("the URL was refused: %s", reply.Status)
		}
		return nil
	})
}
