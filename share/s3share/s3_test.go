package s3share_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds/internal/mototest"
	"github.com/evercreds/evercreds/share"
	"github.com/evercreds/evercreds/share/s3share"
	"github.com/evercreds/evercreds/share/sharetest"
)

const (
	bucket = "a-bucket"
	key    = "evercreds1:00112233445566778899aabbccddeeff"
	ownerA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

func minute(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// The tests have one moto, which takes seconds to start.
func TestS3(t *testing.T) {
	client := s3.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(mototest.Start(t)), HTTPClient: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "testing", SecretAccessKey: "a secret of the client"}, nil
		}),
	}, func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(minute(t), &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	t.Run("keeps the rules", func(t *testing.T) {
		sharetest.Run(t, func() share.Store { return s3share.New(client, bucket, "evercreds/") })
	})
	t.Run("the object is the contract's", func(t *testing.T) { testObject(t, client) })
	t.Run("a client that fails", func(t *testing.T) { testFailures(t, client) })
}

func campaign(t *testing.T, s share.Store) share.Turn {
	t.Helper()
	turn, err := s.Campaign(minute(t), key, share.Campaign{Owner: ownerA, Length: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

func testObject(t *testing.T, client *s3.Client) {
	store := s3share.New(client, bucket, "evercreds/")
	name := aws.String("evercreds/evercreds1-00112233445566778899aabbccddeeff")
	if turn := campaign(t, store); !turn.Won || turn.ClockMS == 0 || turn.ClockMS%1000 != 0 {
		t.Fatalf("got %+v", turn)
	}
	head, err := client.HeadObject(minute(t), &s3.HeadObjectInput{Bucket: aws.String(bucket), Key: name})
	if err != nil || aws.ToString(head.ContentType) != "application/json" {
		t.Fatal(head, err)
	}
	for _, text := range []string{"", "text", strings.Repeat("[", 1<<20)} {
		_, err := client.PutObject(minute(t), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: name, Body: strings.NewReader(text)})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := store.Read(minute(t), key); err != nil || r.Number != 0 || r.ClockMS == 0 {
			t.Errorf("%.9q is read as %+v, %v", text, r, err)
		}
		if turn := campaign(t, store); !turn.Won || turn.Number != 1 {
			t.Errorf("after %.9q: %+v", text, turn)
		}
	}
}

func testFailures(t *testing.T, client *s3.Client) {
	for _, bucket := range []string{bucket, "no-such-bucket"} {
		s := s3share.New(client, bucket, "")
		ctx, cancel := context.WithCancel(minute(t))
		if bucket != "no-such-bucket" {
			cancel()
		}
		_, err := s.Campaign(ctx, key, share.Campaign{Owner: ownerA, Length: time.Minute})
		cancel()
		if err == nil || !strings.HasPrefix(err.Error(), "s3share: ") || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "a secret") {
			t.Errorf("%s: %v", bucket, err)
		}
	}
}
