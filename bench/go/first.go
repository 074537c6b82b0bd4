package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

// first is a process that gets credentials of a role once, and ends.
func first(kind string) error {
	base := aws.Config{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider(os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
		BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL_STS")),
	}
	role := os.Getenv("BENCH_ROLE")
	var provider aws.CredentialsProvider
	switch kind {
	case "evercreds":
		s, err := evercreds.NewSTS(base, evercreds.AssumeRole{RoleARN: role, RoleSessionName: "bench"})
		if err != nil {
			return err
		}
		defer s.Close()
		provider = s
	default:
		provider = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(base), role))
	}
	set, err := provider.Retrieve(context.Background())
	if err == nil && set.SessionToken == "" {
		err = fmt.Errorf("no token from %s", kind)
	}
	return err
}
