package evercreds_test

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/internal/awstest"
)

// loadConfig stands for config.LoadDefaultConfig in the examples: a config whose
// endpoint is a stand-in that lives as long as the tests do.
func loadConfig(context.Context) aws.Config {
	standIn := exampleServer()
	return aws.Config{
		Region:       awstest.DefaultRegion,
		BaseEndpoint: aws.String(standIn.URL),
		Credentials:  aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return standIn.Base, nil }),
	}
}

var exampleServer = sync.OnceValue(func() *awstest.Server { return awstest.New(awstest.Config{}) })
