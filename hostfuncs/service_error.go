package hostfuncs

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/evercreds/evercreds/core"
)

// serviceError makes an Error of what the SDK returned.
func serviceError(m core.Method, err error, hidden secrets) error {
	e := &Error{Method: m, Reason: core.CodeSource, Message: hidden.clean(err.Error()), Err: hidden.cause(err)}
	var inner *Error // of a session that is the source of this one
	var reply *smithyhttp.ResponseError
	var api smithy.APIError
	var unreadable *smithy.DeserializationError
	if errors.As(err, &reply) && reply.Response != nil {
		e.Status = reply.HTTPStatusCode()
		e.RetryAfter = retryAfter(reply.Response.Header)
		hidden.forget(reply.Response)
	}
	switch {
	case errors.As(err, &inner):
		e.Class, e.Code, e.RetryAfter = inner.Class, inner.Code, inner.RetryAfter
		return e
	case errors.As(err, &api):
		e.Code, e.Message = api.ErrorCode(), hidden.clean(api.ErrorMessage())
	case errors.As(err, &unreadable):
		// its Snapshot holds the reply, secrets and all
		e.Reason, e.Message, e.Err = core.CodeMalformed, "the reply could not be read", nil
	}
	e.Class = core.ErrorClass(m, e.Status, []byte(e.Code))
	return e
}

// forget takes the secrets out of a reply: the request, with the token and the
// one-time code that were sent; the body, behind which is the connection that they
// went through; and what headers repeat of them. An error is kept, and whatever
// prints its fields would print all that.
func (s secrets) forget(reply *smithyhttp.Response) {
	if reply.Response == nil {
		return
	}
	reply.Request, reply.Body = nil, http.NoBody
	for _, values := range reply.Header {
		for i, value := range values {
			values[i] = s.clean(value)
		}
	}
}

// retryAfter reads the header of that name: seconds, or an HTTP date.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), 3600)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
