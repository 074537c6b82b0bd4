// Command custom-source lists the S3 buckets that the credentials of a broker may
// see: any program that hands out temporary credentials over HTTP. The session asks
// it again before they expire.
//
//	custom-source http://broker.example/credentials
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: custom-source URL")
	}
	ctx := context.Background()
	session, err := evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
		return ask(ctx, os.Args[1])
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	out, err := s3.NewFromConfig(session.Config(cfg)).ListBuckets(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, bucket := range out.Buckets {
		fmt.Println(aws.ToString(bucket.Name))
	}
}

// ask gets one set of credentials. It ends with ctx, which ends with the time that
// a refresh may take.
func ask(ctx context.Context, url string) (evercreds.Credentials, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return evercreds.Credentials{}, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return evercreds.Credentials{}, err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return evercreds.Credentials{}, fmt.Errorf("the broker answered %s", reply.Status)
	}
	var set struct {
		AccessKey  string    `json:"access_key"`
		SecretKey  string    `json:"secret_key"`
		Token      string    `json:"token"`
		ExpiryTime time.Time `json:"expiry_time"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&set); err != nil {
		return evercreds.Credentials{}, err
	}
	return evercreds.Credentials{
		AccessKeyID: set.AccessKey, SecretAccessKey: set.SecretKey, SessionToken: set.Token, Expires: set.ExpiryTime,
	}, nil
}
