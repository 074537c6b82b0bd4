// Command shared-fleet lists the S3 buckets that a role may see. All processes with this
// table and this key, on any number of machines, make one AssumeRole call between them
// for each refresh.
//
//	shared-fleet -table evercreds -key wrapped.key arn:aws:iam::123456789012:role/reader
//
// The sets in the table are sealed with a data key, which KMS has wrapped once for the
// whole fleet:
//
//	aws kms generate-data-key-without-plaintext --key-id alias/evercreds --key-spec AES_256 \
//	    --query CiphertextBlob --output text | base64 -d >wrapped.key
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/share/dynamoshare"
)

func main() {
	table := flag.String("table", "evercreds", "the table in DynamoDB")
	key := flag.String("key", "wrapped.key", "the file with the wrapped data key")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: shared-fleet [-table TABLE] [-key FILE] ROLE_ARN")
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	wrapped, err := os.ReadFile(*key)
	if err != nil {
		log.Fatal(err)
	}
	session, err := newSession(cfg, *table, wrapped, flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	out, err := s3.NewFromConfig(session.Config(cfg)).ListBuckets(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, bucket := range out.Buckets {
		fmt.Println(aws.ToString(bucket.Name))
	}
}

// newSession makes a session that shares. The store and KMS have the credentials of cfg,
// not the session's own.
func newSession(cfg aws.Config, table string, wrapped []byte, roleARN string) (*evercreds.Session, error) {
	return evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: roleARN},
		evercreds.WithShare(dynamoshare.New(dynamodb.NewFromConfig(cfg), table)),
		evercreds.WithShareKeys(unwrap(kms.NewFromConfig(cfg), wrapped)))
}

// unwrap has KMS decrypt the fleet's data keys, the one that seals first. Each process
// must get the same ones: GenerateDataKey would give each a key of its own.
func unwrap(client *kms.Client, wrapped ...[]byte) func(context.Context) ([][]byte, error) {
	return func(ctx context.Context) ([][]byte, error) {
		var keys [][]byte
		for _, w := range wrapped {
			out, err := client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: w})
			if err != nil {
				return nil, err
			}
			keys = append(keys, out.Plaintext)
		}
		return keys, nil
	}
}
