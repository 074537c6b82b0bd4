// A function under aws-lambda-go's own runtime client: refreshes run within invocations.
// title: AWS Lambda (emulated)
// framework: github.com/aws/aws-lambda-go

package main

import (
	"context"
	"log"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
)

func main() {
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	// Outside the handler: all invocations of one environment share the session.
	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: os.Getenv("ROLE_ARN")},
		evercreds.WithRefreshTimeout(8*time.Second)) // less than the function's own time-out
	if err != nil {
		log.Fatal(err)
	}
	client := s3.NewFromConfig(session.Config(cfg), func(o *s3.Options) { o.UsePathStyle = true })
	lambda.Start(func(ctx context.Context) ([]string, error) { // its deadline is the function's
		buckets, err := client.ListBuckets(ctx, nil)
		if err != nil {
			return nil, err
		}
		var names []string
		for _, bucket := range buckets.Buckets {
			names = append(names, aws.ToString(bucket.Name))
		}
		return names, nil
	})
}
