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

// Credentials are one set of temporary credentials from one reply. A function of
// [NewCustom] returns them. No way to print or log them shows access key, secret key or
// token.
type Credentials struct {
	AccessKeyID     string // required; printable ASCII, as the other two
	SecretAccessKey string // required
	SessionToken    string // required
	// AccountID is the account, 12 digits; "" if the source does not know it.
	AccountID string
	// Expires is the expiry as the source states it. Either it or NoExpiry is required.
	Expires time.Time
	// NoExpiry says that the credentials do not expire; Expires must then be zero.
	NoExpiry bool
}

// String describes it without a secret.
func (c Credentials) String() string { return sources.Credentials(c).String() }

// Format prints String for every verb, so that none shows a secret.
func (c Credentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// MarshalText returns String, so that JSON and log handlers show no secret.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// LogValue returns String, so that log/slog shows no secret.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// NewCustom makes a session whose credentials a function fetches. The function must
// return soon after its context ends. The session makes the next call only after the
// last one has returned or timed out ([WithRefreshTimeout], 15 minutes by default here).
//
// The function must pass its context on to what it calls, and its clients must sign with
// other credentials than the session's: a function that asks its own session gets
// [ErrReentrant]. The context has the values of the caller's that the refresh began with; see
// [Source].
//
// The function's error may be a [*SourceError], whose Class and RetryAfter the session
// heeds, or one of the AWS SDK, which the session sorts by its code. Any other error
// counts as [Recoverable].
//
// NewCustom returns a [*ParameterError] if fetch is nil or an option is wrong.
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
		return nil, ownError(err)
	}
	source.As(fetch)
	return open(ownSource{source}, nil, aws.Config{}, opts)
}
