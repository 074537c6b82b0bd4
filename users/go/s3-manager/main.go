// The manager uploads and downloads an object of several parts, each signed with what is current.
// title: S3 manager
// framework: github.com/aws/aws-sdk-go-v2/feature/s3/manager
// moto: yes

package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/users/refreshed"
)

func main() {
	cfg := refreshed.Must(config.LoadDefaultConfig(context.Background()))
	session := refreshed.Must(evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: refreshed.RoleARN}))
	defer session.Close()
	client := s3.NewFromConfig(session.Config(cfg), func(o *s3.Options) { o.UsePathStyle = true })
	bucket, key, body := aws.String("manager"), aws.String("large"), bytes.Repeat([]byte("x"), 11<<20)
	refreshed.Must(client.CreateBucket(context.Background(), &s3.CreateBucketInput{Bucket: bucket}))
	refreshed.Until(func(ctx context.Context) error {
		_, err := manager.NewUploader(client).Upload(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: bytes.NewReader(body)})
		if err != nil {
			return err
		}
		read := manager.NewWriteAtBuffer(nil)
		n, err := manager.NewDownloader(client).Download(ctx, read, &s3.GetObjectInput{Bucket: bucket, Key: key})
		if err == nil && n != int64(len(body)) {
			err = fmt.Errorf("got %d bytes", n)
		}
		return err
	})
}
