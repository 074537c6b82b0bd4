package evercreds

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
)

// AssumeRole says which role to assume, and how: the parameters of the STS
// action AssumeRole; see [NewSTS]. Only RoleARN is required. However it is printed or logged,
// only role and session name show: an ExternalID is to be known by few, and a
// command may have a seed among its arguments.
type AssumeRole struct {
	// RoleARN is the role, 20 to 2048 characters.
	RoleARN string
	// RoleSessionName shows in CloudTrail and in the session's ARN: 2 to 64 of
	// [A-Za-z0-9_+=,.@-]. Default: "evercreds".
	RoleSessionName string
	// Duration is the lifetime to ask for: whole seconds from 900 s to 12 h, at
	// most 1 h where the base credentials are those of a role. 0: 1 h, STS's own
	// default. Each role has a maximum of its own.
	Duration time.Duration
	// MinimumSessionTokenSize has STS fill the session token up to so many bytes, 0
	// to 4096, to try out how long ones fare. Default: the token as it is.
	MinimumSessionTokenSize int
	// ExternalID is what a third party was told to send, 2 to 1224 characters.
	ExternalID string
	// SourceIdentity stays with chained roles, 2 to 64 characters.
	SourceIdentity string
	// Tags are session tags, at most 50.
	Tags map[string]string
	// TransitiveTagKeys are the keys of the tags that chained roles inherit.
	TransitiveTagKeys []string
	// Policy is an inline session policy, in JSON.
	Policy string
	// PolicyARNs are managed session policies, at most 10.
	PolicyARNs []string
	// ProvidedContexts are trusted contexts, at most 5.
	ProvidedContexts []types.ProvidedContext
	// SerialNumber is the MFA device: 9 to 256 characters. It goes with MFA or
	// MFACommand, and only with them.
	SerialNumber string
	// MFA gives the one-time code, exactly six digits. It is called once for
	// each refresh, and no code is sent twice.
	MFA func(ctx context.Context) (string, error)
	// MFACommand is a program and its arguments, run without a shell. The last
	// six-digit word that it prints is the code. It has 30 s unless MFAPrompts.
	MFACommand []string
	// MFAPrompts says that MFA or MFACommand asks a person. Then nothing is
	// refreshed ahead of need, and the refresh's time starts after the answer.
	MFAPrompts bool
	// Chained says that the base credentials are those of a role.
	Chained bool
}

// String is for people: no secret is in it.
func (r AssumeRole) String() string { return sources.AssumeRole(r).String() }

// Format prints String for every verb, so that no verb reaches the fields.
func (r AssumeRole) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// MarshalText is String, for JSON and log handlers.
func (r AssumeRole) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// LogValue is String, for log/slog.
func (r AssumeRole) LogValue() slog.Value { return slog.StringValue(r.String()) }

// NewSTS makes a session of an assumed role. cfg has the base credentials,
// which are asked for anew at each refresh, and the region and endpoint of STS.
//
// Where cfg.Credentials is itself a *Session, roles are chained: the parent is
// asked for credentials with at least a minute left, and a Duration above one
// hour is refused, since STS does.
func NewSTS(cfg aws.Config, role AssumeRole, opts ...Option) (*Session, error) {
	if parent, ok := cfg.Credentials.(*Session); ok {
		if parent == nil {
			return nil, &ParameterError{Parameter: "Credentials", Expected: "of the aws.Config must be a session, not a nil *Session"}
		}
		method := parent.method
		role.Chained = role.Chained || method == core.MethodSTS || method == core.MethodIoT
		cfg = parent.Config(cfg) // where STS rejects the parent's set, the parent is told
		cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			return parent.Credentials(ctx, MinTTL(time.Minute))
		})
	}
	source, err := sources.NewSTS(cfg, sources.AssumeRole(role))
	if err != nil {
		return nil, err
	}
	return open(ownSource{source}, source.Close, sources.OwnConfig(cfg), opts)
}
