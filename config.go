package evercreds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/evercreds/evercreds/core"
)

// Config gives a copy of base whose clients sign with the session's credentials,
// and which tell the session when a service rejects them: the SDK's own retry
// then signs with new ones.
//
// The clients of the SDK ask the provider in aws.Config.Credentials for each
// request, without a cache of their own. config.LoadDefaultConfig, though, wraps
// what config.WithCredentialsProvider gives it in an aws.CredentialsCache, which
// keeps a set until it expires; load the config without it and pass the result
// here.
func (s *Session) Config(base aws.Config) aws.Config {
	cfg := base.Copy()
	cfg.Credentials = s
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), s.watch)
	return cfg
}

// watch adds the hook to one operation of a client.
func (s *Session) watch(stack *middleware.Stack) error {
	hook := rejectionHook{s}
	if _, there := stack.Deserialize.Get(hook.ID()); there {
		return nil // the config went through Config twice
	}
	return stack.Deserialize.Add(hook, middleware.Before)
}

// rejectionHook looks at the errors of each attempt, within the SDK's retries.
type rejectionHook struct{ session *Session }

// ID is different for each session: with chained roles one call may have two.
func (h rejectionHook) ID() string { return fmt.Sprintf("evercreds-rejection-%p", h.session) }

func (h rejectionHook) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	var api smithy.APIError
	if err == nil || !errors.As(err, &api) || !core.IsRejection([]byte(api.ErrorCode())) {
		return out, metadata, err
	}
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return out, metadata, err
	}
	// what was signed with is read from the request: by now the session may
	// hold another set
	_, rest, _ := strings.Cut(request.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(rest, "/")
	h.session.invalidate(key, request.Header.Get("X-Amz-Security-Token"))
	if request.GetStream() == nil || request.IsStreamSeekable() {
		err = &rejectedError{err}
	}
	return out, metadata, err
}

// rejectedError has the SDK try again, with the next set.
type rejectedError struct{ error }

func (e *rejectedError) Unwrap() error        { return e.error }
func (e *rejectedError) RetryableError() bool { return true }
