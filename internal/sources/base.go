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

	"github.com/evercreds/evercreds/core"
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

// Retrieve asks a provider for base credentials, and sorts its error as that of a call that
// they were to sign. Its code is the service's, or else our word. had tells whether there
// have been some.
func Retrieve(ctx context.Context, base aws.CredentialsProvider, had bool) (aws.Credentials, error) {
	var answered atomic.Bool
	creds, err := base.Retrieve(heard(ctx, &answered))
	if err == nil {
		return creds, nil
	}
	var hidden secrets
	hidden.add(creds.SecretAccessKey, creds.SessionToken, creds.AccessKeyID)
	e := baseError(err, answered.Load(), had, hidden)
	if own, ok := e.(*Error); ok {
		own.Code = Said(core.MethodSTS, e).Code
	}
	return aws.Credentials{}, e
}

// baseError makes an Error of a call to STS, or of what kept base credentials from it. Once
// there have been some, a lack of them may pass.
func baseError(err error, answered, signed bool, hidden secrets) error {
	metadata, none := metadataError(err) != nil, foundNone(err, answered)
	missing := none || unanswered(err) == "no_profile"
	err = serviceError(core.MethodSTS, err, hidden)
	if e, ok := err.(*Error); ok && missing && !signed {
		e.Class = core.ErrorClass(core.MethodSTS, 0, []byte("NoCredentials"))
	} else if ok && metadata && !none { // the SDK's error would be taken for one of a service that is not there
		e.Message = "the metadata service of EC2 failed: " + e.Message
		e.Err = errors.New(e.Message)
	}
	return err
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
