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

// AssumeRole says which role to assume, and how; see [NewSTS]. Its fields are the
// parameters of STS's action AssumeRole, with the bounds of its API reference. Only RoleARN
// is required. No way to print or log it shows more than role and session name.
type AssumeRole struct {
	// RoleARN is the ARN of the role, 20 to 2048 characters.
	RoleARN string
	// RoleSessionName shows in CloudTrail and in the ARN of the identity: 2 to 64
	// of [A-Za-z0-9_+=,.@-]. Default: "evercreds".
	RoleSessionName string
	// Duration is the requested lifetime: whole seconds from 900 s to 12 h, and at
	// most 1 h if the base credentials are those of a role. The role's own maximum may be
	// lower. Default, as STS has it: 1 h.
	Duration time.Duration
	// MinimumSessionTokenSize has STS pad the session token to this many bytes, 0 to
	// 4096, so that you can test how long tokens fare. Default: no padding.
	MinimumSessionTokenSize int
	// ExternalID is the secret that the role's trust policy may demand, 2 to 1224
	// characters. Default: none.
	ExternalID string
	// SourceIdentity stays with all roles that are chained, 2 to 64 characters. Default:
	// none.
	SourceIdentity string
	// Tags are session tags, at most 50.
	Tags map[string]string
	// TransitiveTagKeys are the keys of those tags that chained roles inherit.
	TransitiveTagKeys []string
	// Policy is an inline session policy in JSON.
	Policy string
	// PolicyARNs are the ARNs of managed session policies, at most 10.
	PolicyARNs []string
	// ProvidedContexts are trusted contexts, at most 5.
	ProvidedContexts []types.ProvidedContext
	// SerialNumber is the number or ARN of the MFA device, 9 to 256 characters. It is
	// required with MFA or MFACommand, and refused without.
	SerialNumber string
	// MFA returns the one-time code, exactly six digits. The session calls it once for
	// each refresh, and never sends a code twice.
	MFA func(ctx context.Context) (string, error)
	// MFACommand is a program and its arguments, which runs without a shell. The code is
	// the last word of exactly six digits that it prints. The program has 30 s, or with
	// MFAPrompts the time that the refresh has.
	MFACommand []string
	// MFAPrompts says that MFA or MFACommand asks a person. The session then makes no
	// refresh ahead of need, and [WithRefreshTimeout] counts from the answer.
	MFAPrompts bool
	// Chained says that the base credentials are those of a role. [NewSTS] sets it if
	// they come from a *Session.
	Chained bool
}

// String describes it without a secret.
func (r AssumeRole) String() string { return sources.AssumeRole(r).String() }

// Format prints String for every verb, so that none shows a secret.
func (r AssumeRole) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// MarshalText returns String, so that JSON and log handlers show no secret.
func (r AssumeRole) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// LogValue returns String, so that log/slog shows no secret.
func (r AssumeRole) LogValue() slog.Value { return slog.StringValue(r.String()) }

// NewSTS makes a session that assumes a role. cfg brings the base credentials, which the
// session asks for anew at each refresh, and the region, endpoint and HTTP client for STS.
//
// If cfg.Credentials is a *Session, or one within the SDK's aws.CredentialsCache, roles are
// chained: the session asks its parent itself for credentials with at least a minute left,
// and refuses a Duration above one hour, as STS does for chained roles.
//
// Sessions of one config share its connections, as the SDK's clients do; an HTTP client of
// your own stays as it is. STS is called as often as the config's RetryMaxAttempts or
// Retryer says, 3 times by default, within [WithRefreshTimeout]: once if nobody waits for
// the refresh, or if a one-time code is sent.
//
// NewSTS makes no call unless it is told to by [WithEager]. It returns a
// [*ParameterError] if a field of role, the config or an option is wrong.
func NewSTS(cfg aws.Config, role AssumeRole, opts ...Option) (*Session, error) {
	parent, isChained := sessionIn(cfg.Credentials)
	if isChained {
		if parent == nil {
			return nil, &ParameterError{Parameter: "Credentials", Expected: "of the aws.Config must be a session, not a nil *Session"}
		}
		method := parent.method
		role.Chained = role.Chained || method == core.MethodSTS || method == core.MethodIoT
		cfg = parent.Config(cfg) // where STS rejects the parent's set, the parent is told
		cfg.Credentials = aws.CredentialsProviderFunc(parent.asBase)
	}
	source, err := sources.NewSTS(cfg, sources.AssumeRole(role))
	if err != nil {
		return nil, ownError(err)
	}
	if isChained && parent.group != nil {
		source.ChainedTo(parent.group.RecordKey)
	}
	return open(ownSource{source}, closer(source.Close), sources.OwnConfig(cfg), opts)
}

// asBase gives what the call of a chained role is signed with. Some errors are told at once
// to callers, and so to those of the chained role: that the session is closed, and that a new
// set lives too short a time, as the next one would. If a set is short since an attempt is
// held off, that may pass.
func (s *Session) asBase(ctx context.Context) (aws.Credentials, error) {
	set, err := s.Credentials(ctx, MinTTL(time.Minute))
	e, ok := err.(*Error)
	if !ok || e.Code != CodeMinTTL && e.Code != CodeClosed {
		return set, err
	}
	told := &SourceError{Method: core.MethodSTS, Class: Permanent, Message: e.Error(), Err: err}
	if e.Code == CodeMinTTL {
		told.Code = "short_base"
	}
	if time.Until(e.RetryAt) > 0 {
		told.Class = Recoverable
	}
	return set, told
}
