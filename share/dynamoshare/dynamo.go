// Package dynamoshare makes a [share.Store] of a table of DynamoDB:
//
//	store := dynamoshare.New(dynamodb.NewFromConfig(cfg), "evercreds")
//
// The table's partition key is "key", a string. Switch its time to live on, for the
// attribute "ttl". The client needs dynamodb:GetItem and dynamodb:PutItem, and credentials
// other than the session's own.
package dynamoshare

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/evercreds/evercreds/share"
)

// Client is what [*dynamodb.Client] has of it.
type Client interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

// New returns the store of a table, by name or ARN. The client stays yours. Calls have a
// second, and who waits looks again after 500 ms. A nil client and a table without a name
// are refused with a panic.
func New(client Client, table string) share.Store {
	switch {
	case client == nil:
		panic("dynamoshare: the client must be one of DynamoDB; got nil")
	case table == "":
		panic("dynamoshare: the table must be a name or an ARN; got none")
	}
	return share.CompareAndSwap(&items{client, table}, share.Figures{Call: time.Second, Poll: 500 * time.Millisecond})
}

// items are the versions of a table: what an item's fields are is its version.
type items struct {
	client Client
	table  string
}

// The fields of a record, which are attributes with the same names.
var (
	numbers = []string{"number", "turn_ends_ms", "generation", "expiry_ms", "notice_ends_ms"}
	texts   = []string{"owner", "fingerprint"}
	blobs   = []string{"entry", "notice"}
)

// version has what the fields were, but for the sealed ones: these never change alone in a
// way that matters. It is a pointer to none for an attribute that was not there, or has
// another type.
type version struct {
	Fields  map[string]*string
	Strange []string // attributes of other types
	TTL     int64
}

func (i *items) Get(ctx context.Context, key string) (share.Value, error) {
	out, err := i.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &i.table, ConsistentRead: aws.Bool(true), Key: map[string]types.AttributeValue{"key": &types.AttributeValueMemberS{Value: key}},
	})
	if err != nil {
		return share.Value{}, fmt.Errorf("dynamoshare: %w", err)
	}
	v := share.Value{ClockStep: time.Second}
	if date, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok {
		v.ClockMS = date.UnixMilli()
	}
	if len(out.Item) == 0 {
		return v, nil
	}
	v.Data, v.Version, err = read(out.Item)
	return v, err
}

// read makes JSON of an item, and its version.
func read(item map[string]types.AttributeValue) (data []byte, _ string, err error) {
	record, ver := map[string]any{"format": 1}, version{Fields: map[string]*string{}}
	for _, name := range numbers {
		switch a := item[name].(type) {
		case nil:
		case *types.AttributeValueMemberN:
			ver.Fields[name] = &a.Value
			if record[name] = a.Value; a.Value != "" && strings.Trim(a.Value, "0123456789") == "" {
				record[name] = json.Number(a.Value) // otherwise it stays a string, which is none
			}
		default:
			ver.Strange, record[name] = append(ver.Strange, name), nil
		}
	}
	for _, name := range texts {
		switch a := item[name].(type) {
		case nil:
		case *types.AttributeValueMemberS:
			ver.Fields[name], record[name] = &a.Value, a.Value
		default:
			ver.Strange, record[name] = append(ver.Strange, name), nil
		}
	}
	for _, name := range blobs {
		if a, ok := item[name].(*types.AttributeValueMemberB); ok {
			record[name] = a.Value
		}
	}
	if a, ok := item["ttl"].(*types.AttributeValueMemberN); ok {
		_ = json.Unmarshal([]byte(a.Value), &ver.TTL) // none is 0
	}
	if data, err = json.Marshal(record); err != nil {
		return nil, "", err
	}
	text, err := json.Marshal(ver)
	return data, string(text), err
}

// record is what is written.
type record struct {
	Number       json.Number `json:"number"`
	Owner        string      `json:"owner"`
	TurnEndsMS   json.Number `json:"turn_ends_ms"`
	Entry        []byte      `json:"entry"`
	Generation   json.Number `json:"generation"`
	Fingerprint  string      `json:"fingerprint"`
	ExpiryMS     json.Number `json:"expiry_ms"`
	Notice       []byte      `json:"notice"`
	NoticeEndsMS json.Number `json:"notice_ends_ms"`
}

func (i *items) Put(ctx context.Context, key string, data []byte, old string, ttl time.Duration) (bool, error) {
	var r record
	if err := json.Unmarshal(data, &r); err != nil {
		return false, fmt.Errorf("dynamoshare: %w", err)
	}
	var before version
	if old != "" {
		if err := json.Unmarshal([]byte(old), &before); err != nil {
			return false, fmt.Errorf("dynamoshare: %w", err)
		}
	}
	in := before.condition(old == "")
	in.TableName, in.Item = &i.table, r.item(key)
	// An item only ever lasts longer.
	in.Item["ttl"] = n(json.Number(fmt.Sprint(max(before.TTL, time.Now().Add(ttl).Unix()+1))))
	_, err := i.client.PutItem(ctx, in)
	var failed *types.ConditionalCheckFailedException
	switch {
	case errors.As(err, &failed):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("dynamoshare: %w", err)
	}
	return true, nil
}

func n(v json.Number) types.AttributeValue { return &types.AttributeValueMemberN{Value: v.String()} }

func s(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }

// item leaves out what is empty.
func (r record) item(key string) map[string]types.AttributeValue {
	item := map[string]types.AttributeValue{
		"key": s(key), "number": n(r.Number), "turn_ends_ms": n(r.TurnEndsMS), "generation": n(r.Generation),
		"expiry_ms": n(r.ExpiryMS), "notice_ends_ms": n(r.NoticeEndsMS),
	}
	for name, text := range map[string]string{"owner": r.Owner, "fingerprint": r.Fingerprint} {
		if text != "" {
			item[name] = s(text)
		}
	}
	for name, bytes := range map[string][]byte{"entry": r.Entry, "notice": r.Notice} {
		if len(bytes) > 0 {
			item[name] = &types.AttributeValueMemberB{Value: bytes}
		}
	}
	return item
}

// condition says that the item has not changed, or that there is still none.
func (v version) condition(none bool) *dynamodb.PutItemInput {
	in := &dynamodb.PutItemInput{ExpressionAttributeNames: map[string]string{"#key": "key"}}
	if none {
		in.ConditionExpression = aws.String("attribute_not_exists(#key)")
		return in
	}
	parts := []string{"attribute_exists(#key)"}
	add := func(names []string, value func(string) types.AttributeValue) {
		for _, name := range names {
			in.ExpressionAttributeNames["#"+name] = name
			if was := v.Fields[name]; was != nil {
				if in.ExpressionAttributeValues == nil {
					in.ExpressionAttributeValues = map[string]types.AttributeValue{}
				}
				in.ExpressionAttributeValues[":"+name] = value(*was)
				parts = append(parts, fmt.Sprintf("#%s = :%s", name, name))
				continue
			}
			parts = append(parts, fmt.Sprintf("attribute_not_exists(#%s)", name))
		}
	}
	add(numbers, func(v string) types.AttributeValue { return n(json.Number(v)) })
	add(texts, s)
	for _, name := range v.Strange {
		for i, part := range parts {
			if part == "attribute_not_exists(#"+name+")" {
				parts[i] = "attribute_exists(#" + name + ")"
			}
		}
	}
	in.ConditionExpression = aws.String(strings.Join(parts, " AND "))
	return in
}
