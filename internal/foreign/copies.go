package foreign

import (
	"errors"
	"net/http"
	"reflect"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// copied returns a copy of an error of the SDK's or of evercreds'. For anybody else's
// error it returns nothing, since that may not work as a copy.
func copied(v reflect.Value) (none reflect.Value) {
	if v.Kind() != reflect.Pointer || v.IsNil() || !v.CanInterface() {
		return none
	}
	var fresh any
	switch e := v.Interface().(type) {
	case *smithyhttp.ResponseError:
		fresh = &smithyhttp.ResponseError{Response: bare(e.Response), Err: later(e.Err)}
	case *awshttp.ResponseError:
		inner := &smithyhttp.ResponseError{}
		if e.ResponseError != nil {
			inner.Response, inner.Err = bare(e.Response), later(e.Err)
		}
		fresh = &awshttp.ResponseError{ResponseError: inner, RequestID: e.RequestID}
	case *smithy.OperationError:
		fresh = &smithy.OperationError{ServiceID: e.ServiceID, OperationName: e.OperationName, Err: later(e.Err)}
	case *smithy.DeserializationError:
		fresh = &smithy.DeserializationError{Err: later(e.Err)} // its Snapshot is the reply
	default:
		from := v.Type().Elem().PkgPath()
		if !strings.HasPrefix(from, "github.com/aws/") && from != "github.com/evercreds/evercreds" && from != "github.com/evercreds/evercreds/internal/sources" {
			return none
		}
		return shallow(v)
	}
	return reflect.ValueOf(fresh)
}

// shallow copies the fields, and guards the errors among them.
func shallow(v reflect.Value) reflect.Value {
	to := reflect.New(v.Type().Elem())
	to.Elem().Set(v.Elem())
	if to.Elem().Kind() != reflect.Struct {
		return to
	}
	for i := range to.Elem().NumField() {
		field := to.Elem().Field(i)
		if !field.CanSet() || field.Kind() != reflect.Interface {
			continue
		}
		if inner, ok := field.Interface().(error); ok {
			if safe := reflect.ValueOf(later(inner)); safe.Type().AssignableTo(field.Type()) {
				field.Set(safe)
			}
		}
	}
	return to
}

// later is Guard for an error inside a guarded one, whose methods may panic by now.
func later(err error) (safe error) {
	defer func() {
		if p := recover(); p != nil {
			safe = errUnreadable
		}
	}()
	return Guard(err)
}

var errUnreadable = errors.New("an error that cannot be read any more")

// bare returns a reply's status and headers. The rest leads to the token that signed
// the request, and to its connection.
func bare(r *smithyhttp.Response) *smithyhttp.Response {
	if r == nil || r.Response == nil {
		return &smithyhttp.Response{Response: &http.Response{Body: http.NoBody}}
	}
	return &smithyhttp.Response{Response: &http.Response{
		Status: r.Status, StatusCode: r.StatusCode, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: r.Header.Clone(), Body: http.NoBody, ContentLength: r.ContentLength,
	}}
}
