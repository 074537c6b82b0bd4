package evercreds

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/internal/sources"
)

// Credentials are one set of temporary credentials, as one reply brought them: what
// a function of [NewCustom] returns.
// However they are printed or logged, access key, secret key and token stay out.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	// AccountID is the 12-digit account, "" where the source does not tell.
	AccountID string
	// Expires is the end as the source wrote it.
	Expires time.Time
	// NoExpiry says that the set has no end; Expires is then zero. Only a
	// custom source may say so.
	NoExpiry bool
}

// String is for people: no secret is in it.
func (c Credentials) String() string { return sources.Credentials(c).String() }

// Format prints String for every verb, so that no verb reaches the fields.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalText is String, for JSON and log handlers.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue is String, for log/slog.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// NewCustom makes a session of a function of the user's. The function returns
// all three keys and either Expires or NoExpiry, and ends soon after its context
// does. It is never called twice at once, unless one call outlasts its time.
//
// Clients that the function uses sign with credentials of their own: those of the
// session are what it was called for, and [ErrReentrant] is the answer where its
// context, which it must pass on, reaches the session.
//
// An error of the function's may be a [*SourceError], whose Class ([Permanent]
// keeps callers from trying again at once) and RetryAfter then hold, or one of
// the AWS SDK, which is sorted by its code. Any other is recoverable.
func NewCustom(fetch func(ctx context.Context) (Credentials, error), opts ...Option) (*Session, error) {
	var custom sources.CustomFunc
	if fetch != nil {
		custom = func(ctx context.Context) (sources.Credentials, error) {
			set, err := fetch(ctx)
			if e, ok := err.(*SourceError); ok {
				err = e.inner()
			}
			return sources.Credentials(set), err
		}
	}
	source, err := sources.NewCustom(custom)
	if err != nil {
		return nil, err
	}
	return open(ownSource{source}, nil, aws.Config{}, opts)
}
