// Package foreign reads what is other people's. Their errors are kept for days and
// shown to callers who know nothing of them, so an error's methods must not panic
// there, two callers must not share what one of them can change, and what hangs on
// an error must not show the request that it came from.
package foreign

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// guarded has the words of an error, and answers errors.Is and errors.As as it does.
// The error itself is behind functions only: whatever prints or stores fields of
// fields, as reporters of crashes do, does not come to it.
type guarded struct {
	text string
	is   func(error) bool
	as   func(any) bool
}

// Guard gives an error that may be kept, shared and shown for one that another made.
// It calls err.Error, and so is itself called where a panic is caught; nothing that is
// done with what it gives can panic. nil stays nil.
func Guard(err error) error {
	if g, ok := err.(*guarded); ok || err == nil {
		if g == nil {
			return nil
		}
		return g
	}
	return &guarded{
		text: err.Error(),
		is:   func(target error) bool { return errors.Is(err, target) },
		as:   func(target any) bool { return errors.As(err, target) },
	}
}

// Error gives the words that the error had when it came.
func (g *guarded) Error() string { return g.text }

// GoString is for %#v.
func (g *guarded) GoString() string { return fmt.Sprintf("error(%q)", g.text) }

// Is is that of the error and of all that it wraps.
func (g *guarded) Is(target error) (is bool) {
	defer calm(&is)
	return g.is(target)
}

// As is that of the error and of all that it wraps. What it finds of the SDK's and
// of evercreds' own is a copy for this caller, without the request and the body.
func (g *guarded) As(target any) (as bool) {
	defer calm(&as)
	if !g.as(target) {
		return false
	}
	at := reflect.ValueOf(target).Elem()
	found := at
	if found.Kind() == reflect.Interface {
		found = found.Elem()
	}
	if fresh := copied(found); fresh.IsValid() && fresh.Type().AssignableTo(at.Type()) {
		at.Set(fresh)
	}
	return true
}

// calm ends a panic, after which the answer is no.
func calm(answer *bool) {
	if p := recover(); p != nil {
		*answer = false
	}
}

// copied gives a copy of an error of the SDK's or of evercreds'. It gives nothing for
// one of anybody else's, which may not work as a copy.
func copied(v reflect.Value) (none reflect.Value) {
	if v.Kind() != reflect.Pointer || v.IsNil() || !v.CanInterface() {
		return none
	}
	var fresh any
	switch e := v.Interface().(type) {
	case *smithyhttp.ResponseError:
		fresh = &smithyhttp.ResponseError{Response: bare(e.Response), Err: Guard(e.Err)}
	case *awshttp.ResponseError:
		inner := &smithyhttp.ResponseError{}
		if e.ResponseError != nil {
			inner.Response, inner.Err = bare(e.Response), Guard(e.Err)
		}
		fresh = &awshttp.ResponseError{ResponseError: inner, RequestID: e.RequestID}
	case *smithy.OperationError:
		fresh = &smithy.OperationError{ServiceID: e.ServiceID, OperationName: e.OperationName, Err: Guard(e.Err)}
	case *smithy.DeserializationError:
		fresh = &smithy.DeserializationError{Err: Guard(e.Err)} // its Snapshot is the reply
	default:
		from := v.Type().Elem().PkgPath()
		if !strings.HasPrefix(from, "github.com/aws/") && !strings.HasPrefix(from, "github.com/evercreds/") {
			return none
		}
		to := reflect.New(v.Type().Elem())
		to.Elem().Set(v.Elem())
		return to
	}
	return reflect.ValueOf(fresh)
}

// bare gives a reply's status and headers: behind the rest are the token that the
// request was signed with, and the connection that it went through.
func bare(r *smithyhttp.Response) *smithyhttp.Response {
	if r == nil || r.Response == nil {
		return &smithyhttp.Response{Response: &http.Response{Body: http.NoBody}}
	}
	return &smithyhttp.Response{Response: &http.Response{
		Status: r.Status, StatusCode: r.StatusCode, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: r.Header.Clone(), Body: http.NoBody, ContentLength: r.ContentLength,
	}}
}
