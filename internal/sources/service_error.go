package sources

import (
	"errors"
	"net/http"
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
	var late *replyTooLong
	metadata := metadataError(err) != nil // its reply is not the service's
	if !metadata && errors.As(err, &reply) && reply.Response != nil && reply.Response.Response != nil {
		e.Status = reply.HTTPStatusCode()
		e.RetryAfter = retryAfter(reply.Response.Header, time.Now())
		switch {
		case isOwn(reply.Response):
			hidden.forget(reply.Response.Response)
		case hidden.within(reply.Response.Header):
			e.Err = errors.New(e.Message) // the reply is the user's, and stays as it is
		}
	}
	switch {
	case errors.As(err, &inner):
		e.Class, e.Code, e.RetryAfter = inner.Class, inner.Code, inner.RetryAfter
		return e
	case errors.As(err, &api):
		e.Code, e.Message = api.ErrorCode(), hidden.clean(api.ErrorMessage())
	case errors.As(err, &late):
		e.Reason, e.Message, e.Err = core.CodeMalformed, late.Error(), nil
	case e.Status/100 == 2 || e.Status == 0 && !metadata && errors.As(err, &unreadable):
		// Whatever its type, it quotes or holds the reply, with its secrets.
		e.Reason, e.Message, e.Err = core.CodeMalformed, "the reply could not be read", nil
	case e.Status != 0:
		// Usually a proxy has answered, not AWS. Its text stays out too; the status is
		// of more use than the parser's error on that text.
		e.Message, e.Err = "the service answered without an error code", nil
	}
	e.Class = core.ErrorClass(m, e.Status, []byte(e.Code))
	return e
}

// forget takes the secrets out of a reply of our own: the request, with the token and
// the one-time code that were sent; the body, behind which is the connection that they
// went through; and what headers repeat of them. An error is kept, and whatever prints
// its fields would print all that.
func (s secrets) forget(reply *http.Response) {
	reply.Request, reply.Body = nil, http.NoBody
	for _, values := range reply.Header {
		for i, value := range values {
			values[i] = s.clean(value)
		}
	}
}

// within tells whether headers repeat a secret.
func (s secrets) within(headers http.Header) bool {
	for _, values := range headers {
		for _, value := range values {
			if s.clean(value) != value {
				return true
			}
		}
	}
	return false
}

// retryAfter is the pause that a reply asks for: x-amz-retry-after, which counts
// in milliseconds, before Retry-After. now is for replies without a Date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		now = at
	}
	wall := now.UnixMilli()
	ms := core.RetryAfter([]byte(h.Get("X-Amz-Retry-After")), true, wall)
	if ms == 0 {
		ms = core.RetryAfter([]byte(h.Get("Retry-After")), false, wall)
	}
	return time.Duration(ms) * time.Millisecond
}
