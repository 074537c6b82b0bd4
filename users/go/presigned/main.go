// Presigned URLs are signed with a set that lives as long as they are to work: MinTTL.
// title: S3 presigner
// framework: github.com/aws/aws-sdk-go-v2/service/s3
// moto: yes

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/users/refreshed"
)

func main() {
	ctx := context.Background()
	cfg := refreshed.Must(config.LoadDefaultConfig(ctx))
	session := refreshed.Must(evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: refreshed.RoleARN}))
	defer session.Close()
	client := s3.NewFromConfig(session.Config(cfg), func(o *s3.Options) { o.UsePathStyle = true })
	bucket, key := aws.String("go-presigned"), aws.String("note.txt")
	refreshed.Must(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}))
	refreshed.Must(client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("well")}))

	const life = 2 * time.Second
	lasting := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		return session.Credentials(ctx, evercreds.MinTTL(life))
	})
	signer := s3.NewPresignClient(s3.NewFromConfig(cfg, func(o *s3.Options) { o.Credentials, o.UsePathStyle = lasting, true }))
	refreshed.Until(func(ctx context.Context) error {
		signed, err := signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key}, s3.WithPresignExpires(life))
		if err != nil {
			return err
		}
		reply, err := http.Get(signed.URL)
		if err != nil {
			return err
		}
		defer reply.Body.Close()
		text, err := io.ReadAll(reply.Body)
		if err == nil && string(text) != "well" {
			err = fmt.Errorf("%s: %s", reply.Status, text)
		}
		return err
	})
}
