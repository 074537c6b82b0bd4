package main

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/evercreds/evercreds/internal/mototest"
)

// Two sessions, with nothing but the table and the wrapped key in common, have one set.
func TestTwoSessionsHaveOneSet(t *testing.T) {
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(mototest.Start(t)),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "testing", ""),
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := dynamodb.NewFromConfig(cfg).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: aws.String("evercreds"), BillingMode: dynamotypes.BillingModePayPerRequest,
		KeySchema:            []dynamotypes.KeySchemaElement{{AttributeName: aws.String("key"), KeyType: dynamotypes.KeyTypeHash}},
		AttributeDefinitions: []dynamotypes.AttributeDefinition{{AttributeName: aws.String("key"), AttributeType: dynamotypes.ScalarAttributeTypeS}},
	})
	if err != nil {
		t.Fatal(err)
	}
	client := kms.NewFromConfig(cfg)
	key, err := client.CreateKey(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := client.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{
		KeyId: key.KeyMetadata.KeyId, KeySpec: kmstypes.DataKeySpecAes256,
	})
	if err != nil {
		t.Fatal(err)
	}

	var sets [2]aws.Credentials
	for i := range sets {
		session, err := newSession(cfg, "evercreds", data.CiphertextBlob, "arn:aws:iam::123456789012:role/reader")
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		if sets[i], err = session.Retrieve(ctx); err != nil {
			t.Fatal(err)
		}
		// The set is in the table a moment after the caller has it.
		for published := false; !published; {
			out, err := dynamodb.NewFromConfig(cfg).Scan(ctx, &dynamodb.ScanInput{TableName: aws.String("evercreds")})
			if err != nil {
				t.Fatal(err)
			}
			published = len(out.Items) == 1 && out.Items[0]["entry"] != nil
		}
	}
	if sets[0].AccessKeyID != sets[1].AccessKeyID || sets[0].SessionToken != sets[1].SessionToken {
		t.Error("each session has called AssumeRole")
	}
}
