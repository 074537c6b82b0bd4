package sources

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// replyBytes bounds what is read of a reply of STS and of the IoT provider, good or
// not. Real replies have about 1.1 KB. AWS sets no bound for a token, and recommends
// to assume none.
const replyBytes = 64 << 10

// LimitReplies ends a call of an SDK client if the reply is longer than any real one,
// whatever the HTTP client. It is for [sts.Options.APIOptions].
func LimitReplies(stack *middleware.Stack) error {
	// the last one before the transport, so that whatever reads the body is around it
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("EvercredsLimit", limitReply), middleware.After)
}

func limitReply(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if reply, ok := out.RawResponse.(*smithyhttp.Response); ok && reply != nil && reply.Response != nil && reply.Body != nil {
		own := *reply.Response // the HTTP client that gave it may keep it
		own.Header, own.Body = reply.Header.Clone(), &limitedBody{reply.Body, replyBytes}
		out.RawResponse = &smithyhttp.Response{Response: &own}
	}
	return out, metadata, err
}

// isOwn tells whether a reply is a copy made here.
func isOwn(reply *smithyhttp.Response) bool {
	_, ok := reply.Body.(*limitedBody)
	return ok
}

// limitedBody fails beyond its bound, at each reading: the SDK reads what is left of
// a reply before it closes it.
type limitedBody struct {
	io.ReadCloser
	left int
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, &replyTooLong{}
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left+1)])
	if b.left -= n; b.left < 0 {
		return 0, &replyTooLong{}
	}
	return n, err
}

// replyTooLong is why a reply was not read to its end.
type replyTooLong struct{}

func (*replyTooLong) Error() string {
	return fmt.Sprintf("the reply must have at most %d bytes", replyBytes)
}
