// Package sessiontest tests sessions with what must not be in the module graph of
// those who import evercreds: the S3 client, and a detector of leaks.
package sessiontest

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
)

func start(t *testing.T, settings awstest.Config) (*awstest.Server, aws.Config) {
	t.Helper()
	s, err := awstest.Start(settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, aws.Config{
		Region:       awstest.DefaultRegion,
		BaseEndpoint: aws.String(s.URL),
		Credentials:  aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return s.Base, nil }),
	}
}

func assume(t *testing.T, standIn *awstest.Server, cfg aws.Config, opts ...evercreds.Option) *evercreds.Session {
	t.Helper()
	s, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: standIn.RoleARN}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func buckets(t *testing.T, in evercreds.Clients, opts ...func(*s3.Options)) *s3.Client {
	t.Helper()
	c, err := evercreds.Client(in, s3.NewFromConfig, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func pathStyle(o *s3.Options) { o.UsePathStyle = true }
