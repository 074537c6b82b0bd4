package evercreds_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/mototest"
)

func TestMotoServesASession(t *testing.T) {
	base := aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(mototest.Start(t)),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "testing", SecretAccessKey: "testing"}, nil
		}),
	}
	session, err := evercreds.NewSTS(base, evercreds.AssumeRole{
		RoleARN: "arn:aws:iam::123456789012:role/moto-go", Duration: 15 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	who, err := sts.NewFromConfig(session.Config(base)).GetCallerIdentity(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if arn := aws.ToString(who.Arn); !strings.Contains(arn, ":assumed-role/moto-go/") {
		t.Errorf("moto knows the caller as %s, want the assumed role moto-go", arn)
	}
	first, err := session.Retrieve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(first.Expires); left < 14*time.Minute || left > 15*time.Minute {
		t.Errorf("the set has %s left, want nearly the 15 minutes asked for", left)
	}
	second, err := session.Refresh(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if second.AccessKeyID == first.AccessKeyID {
		t.Error("a refresh brought the same access key")
	}
}
