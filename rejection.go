package evercreds

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/evercreds/evercreds/core"
)

// watch adds the session's part to one operation of a client: it learns which set
// was rejected, and has the request signed and sent again.
func (s *Session) watch(stack *middleware.Stack) error {
	w := rejectionWatch{s}
	if _, there := stack.Deserialize.Get(w.ID()); there {
		return nil // the config went through Config twice
	}
	if err := stack.Deserialize.Add(w, middleware.Before); err != nil {
		return err
	}
	// within the SDK's own retries, whose budget a hundred calls that meet one
	// rejected set would exhaust, and around everything that signs
	const signing = "ResolveAuthScheme"
	if _, there := stack.Finalize.Get(signing); !there {
		return nil
	}
	if err := stack.Finalize.Insert(w, signing, middleware.Before); err != nil {
		return err
	}
	return stack.Initialize.Add(w, middleware.Before)
}

// rejectionWatch is in three steps of a call.
type rejectionWatch struct{ session *Session }

// ID is different for each session: with chained roles one call may have two.
func (w rejectionWatch) ID() string { return fmt.Sprintf("evercreds-rejection-%p", w.session) }

// sendOnce marks the context of a call that must not be sent twice.
type sendOnce struct{}

// HandleInitialize marks calls with a one-time code: whether the service has used
// it up before it looked at the token, nobody knows.
func (w rejectionWatch) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	var code *string
	switch params := in.Parameters.(type) {
	case *sts.AssumeRoleInput:
		code = params.TokenCode
	case *sts.GetSessionTokenInput:
		code = params.TokenCode
	}
	if code != nil {
		ctx = middleware.WithStackValue(ctx, sendOnce{}, true)
	}
	return next.HandleInitialize(ctx, in)
}

// HandleFinalize sends a request, and sends it once more with the session's next
// set where this one was rejected.
func (w rejectionWatch) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok || middleware.GetStackValue(ctx, sendOnce{}) != nil {
		return next.HandleFinalize(ctx, in)
	}
	again := in
	again.Request = request.Clone() // before it is signed
	out, metadata, err := next.HandleFinalize(ctx, in)
	var rejected *rejectedError
	if err == nil || !errors.As(err, &rejected) || rejected.by != w.session {
		return out, metadata, err
	}
	if request.GetStream() != nil && !request.IsStreamSeekable() || again.Request.(*smithyhttp.Request).RewindStream() != nil {
		return out, metadata, err
	}
	return next.HandleFinalize(ctx, again)
}

// HandleDeserialize looks at the error of an attempt.
func (w rejectionWatch) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	var api smithy.APIError
	if err == nil || !errors.As(err, &api) || core.EvidenceOf(false, 0, []byte(api.ErrorCode())) != core.EvidenceStrong {
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
	token := request.Header.Get("X-Amz-Security-Token")
	if token == "" {
		return out, metadata, err // none of ours
	}
	w.session.invalidate(key, token)
	return out, metadata, &rejectedError{error: err, by: w.session}
}

// rejectedError marks what the session's own set was refused with.
type rejectedError struct {
	error
	by *Session
}

func (e *rejectedError) Unwrap() error { return e.error }
