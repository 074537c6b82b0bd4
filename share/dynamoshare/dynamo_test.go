package dynamoshare_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/evercreds/evercreds/internal/mototest"
	"github.com/evercreds/evercreds/share"
	"github.com/evercreds/evercreds/share/dynamoshare"
	"github.com/evercreds/evercreds/share/sharetest"
)

const (
	table  = "a-table"
	key    = "evercreds1:00112233445566778899aabbccddeeff"
	ownerA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

func newClient(t *testing.T) *dynamodb.Client {
	t.Helper()
	client := dynamodb.NewFromConfig(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(mototest.Start(t)), HTTPClient: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "testing", SecretAccessKey: "a secret of the client"}, nil
		}),
	})
	_, err := client.CreateTable(minute(t), &dynamodb.CreateTableInput{
		TableName: aws.String(table), BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("key"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("key"), AttributeType: types.ScalarAttributeTypeS}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func minute(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// The tests have one moto, which takes seconds to start.
func TestDynamoDB(t *testing.T) {
	client := newClient(t)
	t.Run("keeps the rules", func(t *testing.T) {
		sharetest.Run(t, func() share.Store { return dynamoshare.New(client, table) })
	})
	t.Run("the item is the contract's", func(t *testing.T) { testItem(t, client) })
	t.Run("strange attributes", func(t *testing.T) { testStrangeAttributes(t, client) })
	t.Run("a client that fails", func(t *testing.T) { testFailures(t, client) })
}

func item(t *testing.T, client *dynamodb.Client) map[string]types.AttributeValue {
	t.Helper()
	out, err := client.GetItem(minute(t), &dynamodb.GetItemInput{TableName: aws.String(table), Key: map[string]types.AttributeValue{"key": &types.AttributeValueMemberS{Value: key}}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}

func campaign(t *testing.T, s share.Store) share.Turn {
	t.Helper()
	r, err := s.Read(minute(t), key)
	if err != nil {
		t.Fatal(err)
	}
	turn, err := s.Campaign(minute(t), key, share.Campaign{Owner: ownerA, SawNumber: r.Number, SawFingerprint: r.Entry.Fingerprint, Length: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return turn
}

func testItem(t *testing.T, client *dynamodb.Client) {
	store := dynamoshare.New(client, table)
	if turn := campaign(t, store); !turn.Won || turn.ClockMS == 0 || turn.ClockMS%1000 != 0 {
		t.Fatalf("got %+v", turn)
	}
	e := share.Entry{Sealed: []byte("sealed"), Generation: 1, Fingerprint: 2, ExpiryMS: 3}
	if _, err := store.Publish(minute(t), key, share.Publication{Owner: ownerA, Number: 1, Entry: e, TTL: 12 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	campaign(t, store) // lasts for an hour, and must not make it less
	got := item(t, client)
	ttl, _ := got["ttl"].(*types.AttributeValueMemberN)
	if end := time.Now().Add(11 * time.Hour).Unix(); ttl == nil || len(ttl.Value) != 10 || ttl.Value < fmt.Sprint(end) {
		t.Errorf("ttl is %v, want more than %d", got["ttl"], end)
	}
	delete(got, "ttl")
	delete(got, "turn_ends_ms")
	want := map[string]types.AttributeValue{
		"key": &types.AttributeValueMemberS{Value: key}, "owner": &types.AttributeValueMemberS{Value: ownerA},
		"number": &types.AttributeValueMemberN{Value: "2"}, "generation": &types.AttributeValueMemberN{Value: "1"},
		"expiry_ms": &types.AttributeValueMemberN{Value: "3"}, "notice_ends_ms": &types.AttributeValueMemberN{Value: "0"},
		"fingerprint": &types.AttributeValueMemberS{Value: "0000000000000002"}, "entry": &types.AttributeValueMemberB{Value: []byte("sealed")},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// What others have written is no record, and goes with the next call that writes.
func testStrangeAttributes(t *testing.T, client *dynamodb.Client) {
	store := dynamoshare.New(client, table)
	for name, v := range map[string]types.AttributeValue{
		"number":         &types.AttributeValueMemberS{Value: "5"},
		"turn_ends_ms":   &types.AttributeValueMemberN{Value: "99999999999999999999"},
		"owner":          &types.AttributeValueMemberN{Value: "5"},
		"generation":     &types.AttributeValueMemberBOOL{Value: true},
		"fingerprint":    &types.AttributeValueMemberNULL{Value: true},
		"expiry_ms":      &types.AttributeValueMemberN{Value: "-1.5"},
		"entry":          &types.AttributeValueMemberS{Value: "text"},
		"notice_ends_ms": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberN{Value: "1"}}},
		"ttl":            &types.AttributeValueMemberS{Value: "text"},
		"another":        &types.AttributeValueMemberSS{Value: []string{"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.PutItem(minute(t), &dynamodb.PutItemInput{TableName: aws.String(table), Item: map[string]types.AttributeValue{
				"key": &types.AttributeValueMemberS{Value: key}, name: v,
			}})
			if err != nil {
				t.Fatal(err)
			}
			r, err := store.Read(minute(t), key)
			if err != nil || r.Number != 0 || r.TurnLeft != 0 || len(r.Entry.Sealed) > 0 || len(r.Notice) > 0 {
				t.Fatalf("got %+v, %v", r, err)
			}
			if turn := campaign(t, store); !turn.Won || turn.Number != 1 {
				t.Errorf("got %+v", turn)
			}
		})
	}
}

func testFailures(t *testing.T, client *dynamodb.Client) {
	for _, s := range []share.Store{dynamoshare.New(client, "no-such-table"), dynamoshare.New(client, table)} {
		ctx, cancel := context.WithCancel(t.Context())
		if s == dynamoshare.New(client, table) {
			t.Fatal("two stores are one")
		}
		_, err := s.Campaign(ctx, key, share.Campaign{Owner: ownerA, Exclusive: true})
		if err == nil || !strings.Contains(err.Error(), "a lock") {
			t.Errorf("got %v", err)
		}
		cancel()
		if _, err = s.Read(ctx, key); err == nil || !strings.HasPrefix(err.Error(), "dynamoshare: ") ||
			strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "a secret") {
			t.Errorf("got %v", err)
		}
	}
}
