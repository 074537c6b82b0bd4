package sources

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/foreign"
)

// CustomFunc fetches credentials in a way of the user's own. All of
// AccessKeyID, SecretAccessKey and SessionToken must be set, and either Expires
// or NoExpiry. It should return soon after ctx ends.
//
// An error may be an [*Error] (it says by itself whether trying again helps) or
// an error of the AWS SDK (sorted by its code); any other is recoverable.
type CustomFunc func(ctx context.Context) (Credentials, error)

// Custom is the [Source] that calls a function of the user's.
type Custom struct {
	fetch CustomFunc
	name  string
}

// NewCustom makes a source of a function. It fails if fetch is nil.
func NewCustom(fetch CustomFunc) (*Custom, error) {
	if fetch == nil {
		return nil, &ParameterError{"fetch", "must be a function that returns credentials, not nil"}
	}
	return &Custom{fetch: fetch, name: nameOf(fetch)}, nil
}

// As has it go by the name of another function, which the one given stands for.
func (c *Custom) As(fetch any) *Custom {
	c.name = nameOf(fetch)
	return c
}

// nameOf is the name of a function, without the path of its package.
func nameOf(fetch any) string {
	name := ""
	if f := runtime.FuncForPC(reflect.ValueOf(fetch).Pointer()); f != nil {
		name = f.Name()
	}
	return strings.TrimSuffix(name[strings.LastIndex(name, "/")+1:], "-fm") // the compiler's mark of a method
}

// Names has no name of the session, and that of the function.
func (c *Custom) Names() (session, role string) { return "", c.name }

// Method is core.MethodCustom.
func (c *Custom) Method() core.Method { return core.MethodCustom }

// Format prints no field, whatever the verb.
func (c *Custom) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sources.Custom") }

// Fetch calls the function and checks what it returns. A panic in the function,
// or in the methods of its error, becomes an error that names only the panic's
// type, since its value may hold anything.
func (c *Custom) Fetch(ctx context.Context, _ *Flight) (r Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = Result{}, refused(core.MethodCustom, "", fmt.Sprintf("the function, or the error that it returned, panicked with a %T", p), nil)
		}
	}()
	set, err := c.fetch(ctx)
	var hidden secrets
	hidden.add(set.SecretAccessKey, set.SessionToken, set.AccessKeyID)
	if err != nil {
		return Result{}, customError(err, hidden)
	}
	r = Result{Credentials: set}
	if err := r.Check(core.MethodCustom); err != nil {
		return Result{}, err
	}
	return r, nil
}

// customError makes an Error of what the function returned, in its words. What
// an Error among them says of class, pause and reason holds.
func customError(err error, hidden secrets) error {
	safe := foreign.Guard(err)
	e := refused(core.MethodCustom, "", hidden.clean(safe.Error()), hidden.cause(safe))
	var own *Error
	var api smithy.APIError
	switch {
	case errors.As(safe, &own):
		if _, alone := err.(*Error); alone {
			e.Message, e.Err = hidden.clean(own.Message), hidden.cause(own.Err)
		}
		e.Class, e.Reason, e.Code, e.Status, e.RetryAfter = own.Class, own.Reason, own.Code, own.Status, own.RetryAfter
	case errors.As(safe, &api):
		e.Class = core.ErrorClass(core.MethodCustom, 0, []byte(api.ErrorCode()))
	}
	return e
}
