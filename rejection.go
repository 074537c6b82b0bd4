package evercreds

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/sources"
)

// watch adds the session's part to one operation of a client: it learns which set
// was refused, reports that for this call alone, and has the request signed with
// another set and sent again.
func (s *Session) watch(stack *middleware.Stack) error {
	w := rejectionWatch{s}
	if _, there := stack.Deserialize.Get(w.ID()); there {
		return nil // the config went through Config twice
	}
	if err := stack.Deserialize.Add(w, middleware.Before); err != nil {
		return err
	}
	// within the SDK's own retries, whose budget a hundred calls that meet one
	// revoked set would exhaust, and around everything that signs
	const signing = "ResolveAuthScheme"
	if _, there := stack.Finalize.Get(signing); there {
		if err := stack.Finalize.Insert(w, signing, middleware.Before); err != nil {
			return err
		}
	}
	return stack.Initialize.Add(w, middleware.Before)
}

// rejectionWatch is in three steps of a call.
type rejectionWatch struct{ session *Session }

// ID is different for each session: with chained roles one call may have two.
func (w rejectionWatch) ID() string { return fmt.Sprintf("evercreds-rejection-%p", w.session) }

// watchedCall is what the steps of one call know together.
type watchedCall struct {
	once     bool // it must not be sent twice
	reported atomic.Bool
	refusal  atomic.Pointer[refusal] // of the last attempt
}

// refusal is what a service refused, and how surely.
type refusal struct {
	key, token string
	evidence   core.Evidence
	code       string
}

// callKey is the context key of a watched call. The session is not the key: the SDK's
// errors hold the request and its context, which must not lead to the held credentials.
type callKey string

func (w rejectionWatch) of(ctx context.Context) *watchedCall {
	call, _ := middleware.GetStackValue(ctx, callKey(w.ID())).(*watchedCall)
	return call
}

// HandleInitialize marks calls with a one-time code: whether the service has used
// it up before it looked at the token, nobody knows. A call that could not be sent
// again reports when it has failed, so that the next one has another set.
func (w rejectionWatch) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	call := &watchedCall{}
	switch params := in.Parameters.(type) {
	case *sts.AssumeRoleInput:
		call.once = params.TokenCode != nil
	case *sts.GetSessionTokenInput:
		call.once = params.TokenCode != nil
	}
	out, metadata, err := next.HandleInitialize(middleware.WithStackValue(ctx, callKey(w.ID()), call), in)
	if refused := call.refusal.Load(); err != nil && refused != nil && !call.reported.Load() {
		w.session.host.Report(ctx, refused.need())
	}
	if err == nil {
		w.session.lookAtPresigned(out.Result)
	}
	return out, metadata, err
}

// HandleFinalize sends a request, and once more with another set where the one that
// it was signed with was refused. Each call reports once.
func (w rejectionWatch) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	request, ok := in.Request.(*smithyhttp.Request)
	call := w.of(ctx)
	if !ok || call == nil || call.reported.Load() {
		return next.HandleFinalize(ctx, in)
	}
	again := in
	again.Request = request.Clone() // before it is signed
	call.refusal.Store(nil)
	out, metadata, err := next.HandleFinalize(ctx, in)
	refused := call.refusal.Load()
	if err == nil || refused == nil || call.once || request.GetStream() != nil && !request.IsStreamSeekable() {
		return out, metadata, err
	}
	call.reported.Store(true)
	other, why := w.session.host.Credentials(ctx, refused.need())
	if why != nil {
		return out, metadata, &refusedError{err, why}
	}
	if refused.by(other) || ctx.Err() != nil || again.Request.(*smithyhttp.Request).RewindStream() != nil {
		return out, metadata, err
	}
	out, metadata, err = next.HandleFinalize(ctx, again)
	if second := call.refusal.Load(); err != nil && second != refused {
		if second.by(aws.Credentials{AccessKeyID: refused.key, SessionToken: refused.token}) {
			w.session.foundInCache() // it signed with the refused set again, though there is another
		} else {
			w.session.doubtClock(second)
		}
	}
	return out, metadata, err
}

// HandleDeserialize looks at the error of an attempt.
func (w rejectionWatch) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if call := w.of(ctx); err != nil && call != nil {
		if refused := refusalOf(in.Request, out.RawResponse, err); refused != nil {
			call.refusal.Store(refused)
		}
	}
	return out, metadata, err
}

// refusalOf reads what was refused from the request, since by now the session may
// hold another set. The error may be anybody's, and panic.
func refusalOf(sent, received any, err error) (refused *refusal) {
	defer func() {
		if p := recover(); p != nil {
			refused = nil
		}
	}()
	request, ok := sent.(*smithyhttp.Request)
	if !ok {
		return nil
	}
	status, bucket := 0, ""
	if reply, ok := received.(*smithyhttp.Response); ok && reply != nil && reply.Response != nil {
		status, bucket = reply.StatusCode, reply.Header.Get("X-Amz-Bucket-Region")
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return nil
	}
	code := api.ErrorCode()
	key, region := signedBy(request.Header.Get("Authorization"))
	// S3 answers HEAD so, too, where the bucket is in another region than the call was
	// signed for: that is no word against the set
	elsewhere := bucket != "" && region != "" && bucket != region
	evidence := core.EvidenceOf(request.Method == "HEAD" && !elsewhere, status, []byte(code))
	token := request.Header.Get("X-Amz-Security-Token")
	if evidence == core.EvidenceNone || token == "" {
		return nil // it is about something else, or about none of ours
	}
	return &refusal{key, token, evidence, code}
}

// signedBy reads key and region out of a signature's scope,
// "Credential=KEY/DATE/REGION/SERVICE/aws4_request". Version 4a signs for a set of
// regions, and has none there.
func signedBy(authorization string) (key, region string) {
	_, rest, _ := strings.Cut(authorization, "Credential=")
	scope, _, _ := strings.Cut(rest, ",")
	parts := strings.Split(scope, "/")
	if len(parts) == 5 {
		region = parts[2]
	}
	return parts[0], region
}

func (r *refusal) need() core.Need {
	return core.Need{Other: sources.FingerprintOf(r.key, r.token), Evidence: r.evidence}
}

func (r *refusal) by(set aws.Credentials) bool {
	return set.AccessKeyID == r.key && set.SessionToken == r.token
}

// doubtClock tells once that a code which speaks of an expired request came for a set
// that is new, too.
func (s *Session) doubtClock(r *refusal) {
	if r.code == "RequestExpired" && !s.clockDoubted.Swap(true) {
		s.warn(words.ClockDoubted)
	}
}

// refusedError is the service's own error, in its words. errors.Is and errors.As find
// in it, after all that is the service's, why there was no other set.
type refusedError struct {
	error
	why error
}

func (e *refusedError) Unwrap() []error { return []error{e.error, e.why} }
