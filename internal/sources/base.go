package sources

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// IsProvider is aws.IsCredentialsProvider, which asks the provider itself. That is the
// user's: one that panics, as a nil *aws.CredentialsCache does, is taken for another.
func IsProvider(provider, target aws.CredentialsProvider) (is bool) {
	defer func() {
		if recover() != nil {
			is = false
		}
	}()
	return aws.IsCredentialsProvider(provider, target)
}

// heard returns a context for the provider of the base credentials. It notes whether an
// HTTP server answers: the SDK's errors do not tell a metadata service that fails from
// one that is not there, where their time is up.
func heard(ctx context.Context, answered *atomic.Bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: func() { answered.Store(true) }})
}

// foundNone tells whether the SDK's default chain found no base credentials: it came to
// its last link, the metadata service of EC2, and there is none, or that has none. A
// service that fails may have some later.
func foundNone(err error, answered bool) bool {
	err = metadataError(err)
	var reply *smithyhttp.ResponseError
	switch {
	case err == nil:
		return false
	case errors.As(err, &reply) && reply.Response != nil && reply.Response.Response != nil:
		status := reply.HTTPStatusCode()
		return status/100 == 4 && status != http.StatusTooManyRequests
	}
	return !answered
}

// metadataError is what the metadata service of EC2 said, as an SDK client's error tells
// it; nil: nothing.
func metadataError(err error) error {
	for op := (*smithy.OperationError)(nil); errors.As(err, &op); err = op.Err {
		if op.ServiceID == "ec2imds" {
			return op.Err
		}
	}
	return nil
}
