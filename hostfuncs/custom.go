package hostfuncs

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/evercreds/evercreds/core"
)

// CustomFunc fetches credentials in a way of the user's own. All of
// AccessKeyID, SecretAccessKey and SessionToken must be set, and either Expires
// or NoExpiry. It should return soon after ctx ends.
//
// An error may be an [*Error] (it says by itself whether trying again helps) or
// an error of the AWS SDK (sorted by its code); any other is recoverable.
type CustomFunc func(ctx context.Context) (Credentials, error)

// Custom is the [Source] that calls a function of the user's.
type Custom struct{ fetch CustomFunc }

// NewCustom makes a source of a function. It fails if fetch is nil.
func NewCustom(fetch CustomFunc) (*Custom, error) {
	if fetch == nil {
		return nil, &ParameterError{"fetch", "must be a function that returns credentials, not nil"}
	}
	return &Custom{fetch}, nil
}

// Method is core.MethodCustom.
func (c *Custom) Method() core.Method { return core.MethodCustom }

// Fetch calls the function and checks what it returns. A panic in the function
// becomes an error that names only the panic's type, since its value may hold
// anything.
func (c *Custom) Fetch(ctx context.Context, _ *Flight) (r Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			r, err = Result{}, refused(core.MethodCustom, "", fmt.Sprintf("the function panicked with a %T", p), nil)
		}
	}()
	set, err := c.fetch(ctx)
	var hidden secrets
	hidden.add(set.SecretAccessKey, set.SessionToken, set.AccessKeyID)
	if err != nil {
		return Result{}, customError(err, hidden)
	}
	if err := checkCustom(set); err != nil {
		return Result{}, err
	}
	return Result{Credentials: set}, nil
}

func customError(err error, hidden secrets) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	e := refused(core.MethodCustom, "", hidden.clean(err.Error()), hidden.cause(err))
	if api := smithy.APIError(nil); errors.As(err, &api) {
		e.Class = core.ErrorClass(core.MethodCustom, 0, []byte(api.ErrorCode()))
	}
	return e
}

func checkCustom(c Credentials) error {
	for _, key := range []struct{ name, value string }{
		{"AccessKeyID", c.AccessKeyID}, {"SecretAccessKey", c.SecretAccessKey}, {"SessionToken", c.SessionToken},
	} {
		if key.value == "" {
			return malformed(core.MethodCustom, "%s must not be empty in what the function returns", key.name)
		}
	}
	if c.Expires.IsZero() != c.NoExpiry {
		return malformed(core.MethodCustom, "exactly one of Expires and NoExpiry must be set in what the function returns")
	}
	return nil
}
