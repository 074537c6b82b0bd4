package sources

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// KeepReplies makes the calls of an SDK client keep their connection until the reply is
// read. It is for [sts.Options.APIOptions]. The SDK closes a request's body as soon as the
// reply's header is there, and its body then answers WriteTo, though not Read, with
// io.EOF as an error (smithy-go 1.28.9, safeWriteToReadCloser). net/http asks for the
// rest of a body after it has sent it; if the reply was faster, it takes that error for
// a failed request and closes the connection. A reply of more than 4 KB, such as one
// with a long token, is then lost: 1 in 30 on loopback under load.
func KeepReplies(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("EvercredsKeepReplies", readBody), middleware.After)
}

func readBody(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	if request, ok := in.Request.(*smithyhttp.Request); ok {
		if body, ok := request.GetStream().(io.ReadSeeker); ok {
			own, err := request.SetStream(struct{ io.ReadSeeker }{body})
			if err != nil {
				return middleware.DeserializeOutput{}, middleware.Metadata{}, fmt.Errorf("the request's body: %w", err)
			}
			in.Request = own
		}
	}
	return next.HandleDeserialize(ctx, in)
}
