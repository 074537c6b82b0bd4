package foreign_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/evercreds/evercreds/internal/foreign"
	"github.com/evercreds/evercreds/internal/leaks"
	"github.com/evercreds/evercreds/internal/sources"
)

// odd is an error whose methods may be broken, each for itself.
type odd struct{ broken string }

func (o *odd) meet(method string) {
	if o.broken == method {
		panic("a secret")
	}
}
func (o *odd) Error() string    { o.meet("Error"); return "odd" }
func (o *odd) Is(error) bool    { o.meet("Is"); return false }
func (o *odd) As(any) bool      { o.meet("As"); return false }
func (o *odd) GoString() string { o.meet("GoString"); return "odd" }
func (o *odd) Format(f fmt.State, _ rune) {
	o.meet("Format")
	_, _ = f.Write([]byte("odd"))
}

func (o *odd) Unwrap() error {
	if o.broken == "no end" {
		return o
	}
	return fs.ErrNotExist
}

// list cannot be compared.
type list []string

func (l list) Error() string { return strings.Join(l, " ") }

func (l list) Unwrap() []error {
	if len(l) == 0 {
		return nil
	}
	return []error{nil, l[1:], fs.ErrExist}
}

func TestForeignErrorsNeverPanic(t *testing.T) {
	for _, broken := range []string{"", "Error", "Is", "As", "GoString", "Format", "no end"} {
		whole := &odd{}
		err := foreign.Guard(whole)
		whole.broken = broken // from now on
		for _, at := range []error{err, fmt.Errorf("outer: %w", err), errors.Join(errors.New("x"), err)} {
			var api smithy.APIError
			var own *odd
			if errors.Is(at, fs.ErrExist) || errors.As(at, &api) || !errors.As(at, &own) || own != whole || !errors.Is(at, whole) {
				t.Errorf("%q: it is another error", broken)
			}
			if !errors.Is(at, fs.ErrNotExist) {
				t.Errorf("%q: what it wraps is lost", broken)
			}
		}
		if got := fmt.Sprintf("%v %s %q %+v %x", err, err, err, err, err); got != `odd odd "odd" odd 6f6464` {
			t.Errorf("%q: got %s", broken, got)
		}
		_ = fmt.Sprintf("%#v", err)
	}
	loop := foreign.Guard(&odd{"no end"})
	if errors.Is(loop, fs.ErrNotExist) {
		t.Error("found in what never ends")
	}
	if l := foreign.Guard(list{"a"}); !errors.Is(l, fs.ErrExist) || errors.Is(l, list{"a"}) {
		t.Error("a list of errors")
	}
	if foreign.Guard(nil) != nil || foreign.Guard(loop) != loop {
		t.Error("nil, and what is guarded, stay what they are")
	}
}

const token = "BaseSentinelv1Ks8Qd5p8Yhp8Yhp8Yhp8Yhp8Yhp8Yh"

// refusal is what the SDK's clients return of a call: with the request in it.
func refusal() (reply *http.Response, err error) {
	request, _ := http.NewRequest(http.MethodPost, "https://sts.amazonaws.com/", strings.NewReader(token))
	request.Header.Set("X-Amz-Security-Token", token)
	reply = &http.Response{StatusCode: 403, Header: http.Header{"X-Amzn-Requestid": {"r"}}, Request: request, Body: request.Body}
	return reply, &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: &awshttp.ResponseError{
		RequestID: "r", ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: reply},
			Err:      &types.ExpiredTokenException{Message: aws.String("expired")},
		},
	}}
}

// An error of the SDK's is found as a copy of the caller's own, without the request, and
// the source's error stays as it was.
func TestFoundErrorsAreTheCallersOwn(t *testing.T) {
	reply, original := refusal()
	finder := leaks.Find(leaks.Secrets{"token": token})
	err := fmt.Errorf("outer: %w", foreign.Guard(fmt.Errorf("inner: %w", original)))
	for _, path := range finder.Reached(err) {
		t.Errorf("reached: %s", path)
	}
	var operation *smithy.OperationError
	var response *awshttp.ResponseError
	var plain *smithyhttp.ResponseError
	var expired *types.ExpiredTokenException
	var api smithy.APIError
	if !errors.As(err, &operation) || !errors.As(err, &response) || !errors.As(err, &plain) || !errors.As(err, &expired) || !errors.As(err, &api) {
		t.Fatal("not found")
	}
	for _, found := range []any{operation, response, plain, expired, api} {
		for _, path := range finder.Reached(found) {
			t.Errorf("%T reaches %s", found, path)
		}
	}
	if operation.OperationName != "AssumeRole" || response.ServiceRequestID() != "r" || plain.HTTPStatusCode() != 403 ||
		plain.HTTPResponse().Header.Get("X-Amzn-Requestid") != "r" || *expired.Message != "expired" || api.ErrorCode() != "ExpiredTokenException" {
		t.Errorf("%v, %v, %v, %v, %v", operation, response, plain, expired, api)
	}
	if !errors.As(operation, &api) || !errors.As(response, &expired) {
		t.Error("the copies wrap nothing")
	}
	expired.Message, response.RequestID = aws.String("changed"), "changed"
	plain.Response.Header.Set("X-Amzn-Requestid", "changed")
	if reply.Request == nil || reply.Header.Get("X-Amzn-Requestid") != "r" || !errors.As(err, &api) || api.ErrorMessage() != "expired" {
		t.Error("one caller's change is seen by others")
	}
	own := &sources.Error{Message: "sealed", Err: &odd{}}
	var a, b *sources.Error
	if g := foreign.Guard(own); !errors.As(g, &a) || !errors.As(g, &b) || a == b || a == own || !errors.Is(g, own) || a.Message != "sealed" {
		t.Errorf("got %p and %p of %p", a, b, own)
	}
	if foreign.Guard(context.Canceled).Error() != "context canceled" {
		t.Error("other words")
	}
}

// A copy is the caller's own even if the error that it wraps cannot be read any more.
func TestCopyOfAnErrorThatBreaksLater(t *testing.T) {
	inner := &odd{}
	own := &sources.Error{Message: "sealed", Err: inner}
	err := foreign.Guard(own)
	inner.broken = "Error"
	var a *sources.Error
	if !errors.As(err, &a) || a == own || a.Err == error(inner) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %p of %p", a, own)
	}
	_ = fmt.Sprintf("%v %v", a, a.Err)
}
