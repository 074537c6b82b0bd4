// Command list-buckets lists the S3 buckets that a role may see. The ambient
// credentials assume the role; the session keeps its credentials fresh.
//
//	list-buckets arn:aws:iam::123456789012:role/reader
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: list-buckets ROLE_ARN")
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	names, err := listBuckets(context.Background(), cfg, os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range names {
		fmt.Println(name)
	}
}

// listBuckets is the whole example: ten lines from a role to its buckets.
func listBuckets(ctx context.Context, cfg aws.Config, roleARN string) (names []string, err error) {
	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: roleARN})
	if err != nil {
		return nil, err
	}
	defer session.Close()
	out, err := s3.NewFromConfig(session.Config(cfg)).ListBuckets(ctx, nil)
	if err != nil {
		return nil, err
	}
	for _, bucket := range out.Buckets {
		names = append(names, aws.ToString(bucket.Name))
	}
	return names, nil
}
