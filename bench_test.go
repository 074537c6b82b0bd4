package evercreds_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

// The hot path beside the SDK's own cache and the clock reading that is nearly
// all of it.
func BenchmarkRetrieve(b *testing.B) {
	s, err := evercreds.New(&vault{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	static := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "A", SecretAccessKey: "B", CanExpire: true, Expires: time.Now().Add(time.Hour)}, nil
	})
	for name, provider := range map[string]aws.CredentialsProvider{"session": s, "sdk cache": aws.NewCredentialsCache(static)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := provider.Retrieve(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("time.Now", func(b *testing.B) {
		for b.Loop() {
			_ = time.Now()
		}
	})
}
