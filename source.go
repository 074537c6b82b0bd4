package evercreds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

// Source fetches credentials; see [New]. A source with a method Attended() bool that
// returns true prompts a person for each refresh. One with a method Close() error is
// closed with its session. One with a method Role() string goes by that name in errors, events
// and logs: what it gets credentials of. Default: its type.
type Source interface {
	// Method returns the number of this kind of source, [MethodRegistered] or higher.
	// The session asks once.
	Method() Method
	// Fetch makes one refresh. Until it returns, ctx has the values of the context of the
	// caller that the refresh began with, such as a span, but not its end; a refresh that
	// no caller began has none. Fetch must return soon after ctx ends, and all fields of its
	// result must come from one reply. The session may call it while an earlier call,
	// which has timed out, still runs. Its error should be a [*SourceError], or one of
	// the AWS SDK; any other error counts as [Recoverable].
	Fetch(ctx context.Context, f *Flight) (Result, error)
}

// Method is the number of a kind of source.
type Method = core.Method

// MethodRegistered is the lowest Method of a [Source] of your own. The highest is 2^30.
const MethodRegistered Method = core.MethodRegistered

// Flight tells a [Source] about the refresh that it makes.
type Flight struct {
	// Ticket is the refresh's number, unique within its session and above 0.
	Ticket int64
	// Cause says why the refresh began.
	Cause Cause
	// Prompted may be nil. A source that prompts a person calls it when that person has
	// answered; [WithRefreshTimeout] counts from then on.
	Prompted func()
}

// Result is a set of credentials and what its reply says about time.
type Result struct {
	Credentials
	// ServerTime is the latest instant that the reply's Date header can mean: its whole
	// second plus 999 ms (RFC 9110, 5.6.7, knows whole seconds only). The session corrects the
	// wall clock by it. Zero: the reply had no Date.
	ServerTime time.Time
	// Duration is the lifetime that the request asked for. The credentials are used for
	// no longer. 0: unknown.
	Duration time.Duration
}

// New makes a session with a source of your own, which is the session's from then on. If
// it has a method Close() error, [Session.Close] calls that once, when no refresh runs any
// more or a second has passed; a source that several sessions share must not have one. If
// New returns an error, the source stays yours. If the source prompts a person (see
// [Source]), the session makes no refresh ahead of need.
//
// New returns a [*ParameterError] if source is nil, if its Method or Attended panics, or
// if an option is wrong.
func New(source Source, opts ...Option) (*Session, error) {
	if source == nil {
		return nil, &ParameterError{Parameter: "source", Expected: "must be a Source, not nil"}
	}
	var done func() error
	if c, ok := source.(io.Closer); ok {
		done = func() error { return closeGuarded(c) }
	}
	return open(userSource{source}, done, aws.Config{}, opts)
}

// closeGuarded closes a source of the user's, which may panic, end its goroutine or hang.
func closeGuarded(c io.Closer) error {
	result := make(chan error, 1)
	host.Grace(func() {
		err := errors.New("evercreds: the source's Close did not return")
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("evercreds: the source's Close panicked with a %T", p)
			}
			result <- err
		}()
		err = c.Close()
	})
	select {
	case err := <-result:
		return err
	default:
		return errors.New("evercreds: the source's Close has not returned yet")
	}
}

// userSource is a source of the user's, as the host knows sources.
type userSource struct{ Source }

// Attended tells whether a refresh prompts a person.
func (u userSource) Attended() bool { return attended(u.Source) }

func attended(source any) bool {
	a, ok := source.(interface{ Attended() bool })
	return ok && a.Attended()
}

// Names has no name of the session, and the source's own name, or that of its type.
func (u userSource) Names() (session, role string) {
	if named, ok := u.Source.(interface{ Role() string }); ok {
		return "", named.Role()
	}
	return "", strings.TrimPrefix(fmt.Sprintf("%T", u.Source), "*")
}

// Fetch calls the source, and refuses what cannot be used.
func (u userSource) Fetch(ctx context.Context, f *sources.Flight) (sources.Result, error) {
	r, err := u.Source.Fetch(ctx, &Flight{Ticket: f.Ticket, Cause: Cause(f.Cause), Prompted: f.Prompted})
	if err != nil {
		return sources.Result{}, err
	}
	result := sources.Result{Credentials: sources.Credentials(r.Credentials), ServerTime: r.ServerTime, Duration: r.Duration}
	return result, ownError(result.Check(u.Method()))
}

// ownSource is a source of internal/sources, whose errors are those of this package.
type ownSource struct{ sources.Source }

// Attended tells whether a refresh prompts a person.
func (o ownSource) Attended() bool { return attended(o.Source) }

// Names are those of the session and of the role.
func (o ownSource) Names() (session, role string) {
	if named, ok := o.Source.(sources.Named); ok {
		return named.Names()
	}
	return "", ""
}

// Fetch calls the source.
func (o ownSource) Fetch(ctx context.Context, f *sources.Flight) (sources.Result, error) {
	r, err := o.Source.Fetch(ctx, f)
	return r, ownError(err)
}
