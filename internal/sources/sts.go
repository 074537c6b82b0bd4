package sources

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds/core"
)

// STS is the [Source] that assumes a role.
type STS struct {
	role   AssumeRole
	base   aws.CredentialsProvider
	client *sts.Client
	codes  codes
	close  func()
	signed atomic.Bool // there have been base credentials; if they are gone, they may come back

	principal principal
}

// NewSTS makes a source that assumes role with the credentials, region and
// endpoint of cfg. The base credentials are asked of cfg.Credentials for each
// refresh, so they may rotate. It fails, naming the parameter, on anything that
// STS would refuse.
func NewSTS(cfg aws.Config, role AssumeRole) (*STS, error) {
	switch {
	case cfg.Region == "":
		return nil, &ParameterError{"Region", "of the aws.Config must be set: " + sentence("no_region")}
	case cfg.Credentials == nil:
		return nil, &ParameterError{"Credentials", "of the aws.Config must be set: " + sentence("no_credentials")}
	}
	if err := role.check(); err != nil {
		return nil, err
	}
	if IsProvider(cfg.Credentials, aws.AnonymousCredentials{}) {
		return nil, &ParameterError{"Credentials", "of the aws.Config must not be anonymous: they sign the call to STS"}
	}
	s := &STS{role: role.clone(), base: cfg.Credentials}
	s.codes.role = &s.role
	cfg = OwnConfig(cfg)
	cfg.HTTPClient, s.close = SharedClient(cfg.HTTPClient)
	cfg.Credentials = nil // each call has them; the SDK's client would ask unguarded what they are
	s.client = sts.NewFromConfig(cfg)
	return s, nil
}

// OwnConfig returns a copy that stays as it is when the user changes lists and texts
// that were passed in: aws.Config.Copy still shares them. The HTTP client, the functions
// and whatever else does work stay the user's.
func OwnConfig(cfg aws.Config) aws.Config {
	cfg.APIOptions = slices.Clone(cfg.APIOptions)
	cfg.ConfigSources = slices.Clone(cfg.ConfigSources)
	cfg.AuthSchemePreference = slices.Clone(cfg.AuthSchemePreference)
	cfg.ServiceOptions = slices.Clone(cfg.ServiceOptions)
	cfg.Interceptors = cfg.Interceptors.Copy()
	cfg.BaseEndpoint = cloned(cfg.BaseEndpoint)
	return cfg
}

func cloned(text *string) *string {
	if text == nil {
		return nil
	}
	own := *text
	return &own
}

// Method is core.MethodSTS.
func (s *STS) Method() core.Method { return core.MethodSTS }

// Attended tells whether a refresh prompts a person.
func (s *STS) Attended() bool { return s.role.MFAPrompts }

// Names are those of the role session and of the role.
func (s *STS) Names() (session, role string) {
	if s.role.RoleSessionName == "" {
		return defaultSessionName, s.role.RoleARN
	}
	return s.role.RoleSessionName, s.role.RoleARN
}

// Close gives back the connections.
func (s *STS) Close() { s.close() }

// Format prints no field, whatever the verb: one-time codes are among them.
func (s *STS) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sources.STS") }

// Fetch assumes the role.
func (s *STS) Fetch(ctx context.Context, f *Flight) (Result, error) {
	code, err := s.codes.next(ctx, f)
	if err != nil {
		return Result{}, err
	}
	var hidden secrets
	var answered atomic.Bool // a server of base credentials, as far as it is known
	hidden.add(code, s.role.ExternalID)
	in := s.role.input()
	in.TokenCode = given(code)
	out, err := s.client.AssumeRole(ctx, in, func(o *sts.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			c, err := s.base.Retrieve(heard(ctx, &answered))
			hidden.add(c.SecretAccessKey, c.SessionToken, c.AccessKeyID)
			if err == nil {
				s.signed.Store(true)
			}
			return c, err
		})
		o.Retryer = bound(ctx, o.Retryer, code == "" && f.awaited())
		o.APIOptions = append(o.APIOptions, LimitReplies, KeepReplies)
	})
	if err != nil {
		return Result{}, baseError(err, answered.Load(), s.signed.Load(), hidden)
	}
	return s.result(out)
}

// bound keeps the SDK's own retries within the flight. How many there are is the user's
// word, by RetryMaxAttempts or by a Retryer. But if nobody waits for an attempt, the
// machine makes the next one, at its own pace; and a one-time code is good for one call.
func bound(ctx context.Context, r aws.Retryer, retries bool) aws.Retryer {
	most := r.MaxAttempts()
	switch {
	case !retries:
		most = 1
	case most <= 0: // without end
		most = retry.DefaultMaxAttempts
	}
	pause := 2 * time.Second
	if end, ok := ctx.Deadline(); ok {
		pause = min(pause, max(time.Until(end)/6, time.Millisecond))
	}
	return retry.AddWithMaxBackoffDelay(retry.AddWithMaxAttempts(r, most), pause)
}

func (s *STS) result(out *sts.AssumeRoleOutput) (Result, error) {
	c := out.Credentials
	if c == nil || c.Expiration == nil {
		return Result{}, malformed(core.MethodSTS, "the reply must have AccessKeyId, SecretAccessKey, SessionToken and Expiration")
	}
	r := Result{Duration: s.role.Duration}
	if r.Duration == 0 {
		r.Duration = defaultDuration
	}
	r.Credentials = Credentials{
		AccessKeyID: aws.ToString(c.AccessKeyId), SecretAccessKey: aws.ToString(c.SecretAccessKey),
		SessionToken: aws.ToString(c.SessionToken), Expires: *c.Expiration,
	}
	if out.AssumedRoleUser != nil {
		r.AccountID = accountOf(aws.ToString(out.AssumedRoleUser.Arn))
	}
	if date, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok {
		r.ServerTime = latest(date)
	}
	return r, r.Check(core.MethodSTS)
}

// accountOf is the fifth field of an ARN, or "" if that is not an account.
func accountOf(arn string) string {
	if fields := strings.SplitN(arn, ":", 6); len(fields) == 6 && isAccount(fields[4]) {
		return fields[4]
	}
	return ""
}
