// Package s3share makes a [share.Store] of objects in a bucket of S3, by conditional
// writes:
//
//	store := s3share.New(s3.NewFromConfig(cfg), "my-bucket", "evercreds/")
//
// The client needs s3:GetObject and s3:PutObject, and s3:ListBucket, without which S3 does
// not tell that an object is not there; and credentials other than the session's own. Let
// a lifecycle rule remove old objects.
package s3share

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/evercreds/evercreds/share"
)

// Client is what [*s3.Client] has of it.
type Client interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	PutObject(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
}

// New returns the store of a bucket, whose objects' names begin with prefix; Python's and
// Node's default is "evercreds/". The client stays yours. Calls have a second, and who
// waits looks again after 500 ms. A nil client and a bucket without a name are refused with
// a panic.
func New(client Client, bucket, prefix string) share.Store {
	switch {
	case client == nil:
		panic("s3share: the client must be one of S3; got nil")
	case bucket == "":
		panic("s3share: the bucket must be a name; got none")
	}
	return share.CompareAndSwap(&objects{client, bucket, prefix}, share.Figures{Call: time.Second, Poll: 500 * time.Millisecond})
}

// objects are the versions of a bucket: an object's version is its ETag.
type objects struct {
	client         Client
	bucket, prefix string
}

// longest is more than any record has.
const longest = 64 << 10

func (o *objects) name(key string) *string {
	return aws.String(o.prefix + strings.ReplaceAll(key, ":", "-"))
}

func (o *objects) Get(ctx context.Context, key string) (share.Value, error) {
	v := share.Value{ClockStep: time.Second}
	out, err := o.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: o.name(key)})
	var missing *types.NoSuchKey
	if errors.As(err, &missing) {
		if r := response(err); r != nil {
			if date, err := http.ParseTime(r.Header.Get("Date")); err == nil {
				v.ClockMS = date.UnixMilli()
			}
		}
		return v, nil
	}
	if err != nil {
		return v, fmt.Errorf("s3share: %w", err)
	}
	defer func() { _ = out.Body.Close() }()
	if date, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok {
		v.ClockMS = date.UnixMilli()
	}
	v.Version = aws.ToString(out.ETag)
	if v.Data, err = io.ReadAll(io.LimitReader(out.Body, longest)); err != nil {
		return v, fmt.Errorf("s3share: %w", err)
	}
	return v, nil
}

func (o *objects) Put(ctx context.Context, key string, data []byte, version string, _ time.Duration) (bool, error) {
	in := &s3.PutObjectInput{Bucket: &o.bucket, Key: o.name(key), Body: bytes.NewReader(data), ContentType: aws.String("application/json")}
	if version == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = &version
	}
	_, err := o.client.PutObject(ctx, in)
	if r := response(err); r != nil {
		switch r.StatusCode {
		case http.StatusPreconditionFailed, http.StatusConflict, http.StatusNotFound: // the last: it was removed
			return false, nil
		}
	}
	if err != nil {
		return false, fmt.Errorf("s3share: %w", err)
	}
	return true, nil
}

// response is the answer behind an error, or nil.
func response(err error) *smithyhttp.Response {
	var r *smithyhttp.ResponseError
	if errors.As(err, &r) {
		return r.Response
	}
	return nil
}
