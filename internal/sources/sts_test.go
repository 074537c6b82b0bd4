package sources_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/sources"
)

const roleARN = "arn:aws:iam::210987654321:role/reader"

func newSTS(t *testing.T, cfg aws.Config, role sources.AssumeRole) *sources.STS {
	t.Helper()
	s, err := sources.NewSTS(cfg, role)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestSTSResult(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{ClockOffset: -time.Hour})
	s := newSTS(t, baseConfig(standIn), sources.AssumeRole{RoleARN: roleARN, Duration: 15 * time.Minute})
	before := standIn.Now()
	r, err := s.Fetch(t.Context(), flight)
	// the SDK meets a clock that is an hour off with a second attempt
	if err != nil {
		t.Fatal(err)
	}
	issued := standIn.Counts().Roles[roleARN].Issued
	if len(issued) != 1 || issued[0].AccessKeyID != r.AccessKeyID || issued[0].ExpiresMs != r.Expires.UnixMilli() {
		t.Errorf("the result is not the one set that was issued: %+v, %v", issued, r)
	}
	if r.AccountID != "210987654321" || r.Duration != 15*time.Minute || r.NoExpiry || r.SessionToken == "" {
		t.Errorf("account %q, duration %v, no expiry %v", r.AccountID, r.Duration, r.NoExpiry)
	}
	if d := r.ServerTime.Sub(before); d < 0 || d > 5*time.Second {
		t.Errorf("the server's time is %v after its clock before the call", d)
	}
	if ms := r.ServerTime.UnixMilli() % 1000; ms != 999 {
		t.Errorf("the server's time ends in %d ms, want 999: the latest instant that its second can mean", ms)
	}
	wantNoSecret(t, r, r.AccessKeyID, r.SecretAccessKey, r.SessionToken)
	wantNoSecret(t, &r.Credentials, r.AccessKeyID, r.SecretAccessKey, r.SessionToken)
}

func TestSTSSendsEveryParameter(t *testing.T) {
	var form url.Values
	endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		form = r.PostForm
		w.WriteHeader(http.StatusForbidden)
	})
	cfg := aws.Config{Region: "eu-west-1", BaseEndpoint: &endpoint, Credentials: static(aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "x"})}
	fetch := func(role sources.AssumeRole) map[string]string {
		_, _ = newSTS(t, cfg, role).Fetch(t.Context(), flight)
		got := map[string]string{}
		for k := range form {
			got[k] = form.Get(k)
		}
		return got
	}
	least := map[string]string{"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": roleARN, "RoleSessionName": "evercreds"}
	if diff := cmp.Diff(least, fetch(sources.AssumeRole{RoleARN: roleARN})); diff != "" {
		t.Error(diff)
	}
	tags, keys := map[string]string{"a": "1"}, []string{"a"}
	kept := newSTS(t, cfg, sources.AssumeRole{RoleARN: roleARN, Tags: tags, TransitiveTagKeys: keys})
	tags["a"], keys[0] = "of the next session", "b"
	_, _ = kept.Fetch(t.Context(), flight)
	if form.Get("Tags.member.1.Value") != "1" || form.Get("TransitiveTagKeys.member.1") != "a" {
		t.Errorf("what the user did with the lists later was sent: %v", form)
	}
	got := fetch(sources.AssumeRole{
		RoleARN: roleARN, RoleSessionName: "me@work", Duration: time.Hour, ExternalID: "ext:/1", SourceIdentity: "source", MinimumSessionTokenSize: 4096,
		Tags: map[string]string{"b": "2", "a": "1"}, TransitiveTagKeys: []string{"a"}, Policy: "{}",
		PolicyARNs:       []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"},
		ProvidedContexts: []types.ProvidedContext{{ProviderArn: aws.String("arn:aws:iam::aws:contextProvider/x"), ContextAssertion: aws.String("assert")}},
		SerialNumber:     "arn:aws:iam::1:mfa/me", MFA: func(context.Context) (string, error) { return "123456", nil },
	})
	want := map[string]string{
		"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": roleARN, "RoleSessionName": "me@work",
		"DurationSeconds": "3600", "ExternalId": "ext:/1", "SourceIdentity": "source", "Policy": "{}", "MinimumSessionTokenSize": "4096",
		"Tags.member.1.Key": "a", "Tags.member.1.Value": "1", "Tags.member.2.Key": "b", "Tags.member.2.Value": "2",
		"TransitiveTagKeys.member.1": "a", "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
		"ProvidedContexts.member.1.ProviderArn":      "arn:aws:iam::aws:contextProvider/x",
		"ProvidedContexts.member.1.ContextAssertion": "assert",
		"SerialNumber": "arn:aws:iam::1:mfa/me", "TokenCode": "123456",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSTSErrors(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	s := newSTS(t, baseConfig(standIn), sources.AssumeRole{RoleARN: roleARN})
	for _, c := range []struct {
		fault  awstest.Fault
		class  core.Class
		reason core.Code
		code   string
		status int
		calls  int // of a flight that somebody waits for; 0: not told, see tooLong
	}{
		{awstest.Fault{Kind: awstest.KindAccessDenied}, core.Permanent, core.CodeSource, "AccessDenied", 403, 1},
		{awstest.Fault{Kind: awstest.KindError, Code: "MalformedPolicyDocument"}, core.Permanent, core.CodeSource, "MalformedPolicyDocument", 400, 1},
		{awstest.Fault{Kind: awstest.KindError, Code: "PackedPolicyTooLarge"}, core.Permanent, core.CodeSource, "PackedPolicyTooLarge", 400, 1},
		{awstest.Fault{Kind: awstest.KindError, Code: "RegionDisabledException", Status: 403}, core.Permanent, core.CodeSource, "RegionDisabledException", 403, 1},
		{awstest.Fault{Kind: awstest.KindError, Code: "ExpiredTokenException"}, core.Recoverable, core.CodeSource, "ExpiredTokenException", 400, 1},
		{awstest.Fault{Kind: awstest.KindHTTP, Status: 500}, core.Recoverable, core.CodeSource, "InternalFailure", 500, 3},
		{awstest.Fault{Kind: awstest.KindThrottling, RetryAfterS: 7}, core.Throttled, core.CodeSource, "Throttling", 400, 3},
		{awstest.Fault{Kind: awstest.KindThrottling, AmzRetryAfterMs: 250, RetryAfterS: 40}, core.Throttled, core.CodeSource, "Throttling", 400, 3},
		{awstest.Fault{Kind: awstest.KindOversized}, core.Recoverable, core.CodeMalformed, "", 200, 0},
		{awstest.Fault{Kind: awstest.KindOversized, Status: 403}, core.Recoverable, core.CodeMalformed, "", 403, 0},
		{awstest.Fault{Kind: awstest.KindReset}, core.Recoverable, core.CodeSource, "", 0, 3},
		{awstest.Fault{Kind: awstest.KindTruncated}, core.Recoverable, core.CodeMalformed, "", 0, 1},
		{awstest.Fault{Kind: awstest.KindMissingField, Field: "AccessKeyId"}, core.Recoverable, core.CodeMalformed, "", 0, 1},
		{awstest.Fault{Kind: awstest.KindMissingField, Field: "SessionToken"}, core.Recoverable, core.CodeMalformed, "", 0, 1},
		{awstest.Fault{Kind: awstest.KindMissingField, Field: "Expiration"}, core.Recoverable, core.CodeMalformed, "", 0, 1},
		{awstest.Fault{Kind: awstest.KindBadExpiration}, core.Recoverable, core.CodeMalformed, "", 0, 1},
	} {
		t.Run(fmt.Sprint(c.fault.Kind, c.fault.Code, c.fault.Field), func(t *testing.T) {
			standIn.Reset()
			inject(t, standIn, c.fault)
			// short, so that the SDK's own pauses are
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err := s.Fetch(ctx, flight)
			e := sourceError(t, err)
			if e.Class != c.class || e.Reason != c.reason || e.Code != c.code {
				t.Errorf("got class %v, reason %v, code %q: %v", e.Class, e.Reason, e.Code, e)
			}
			if c.status != 0 && e.Status != c.status {
				t.Errorf("got status %d", e.Status)
			}
			want := time.Duration(c.fault.RetryAfterS) * time.Second
			if c.fault.AmzRetryAfterMs != 0 {
				want = time.Duration(c.fault.AmzRetryAfterMs) * time.Millisecond
			}
			if e.RetryAfter != want {
				t.Errorf("got a pause of %v, want %v", e.RetryAfter, want)
			}
			if n := standIn.Counts().Roles[roleARN].Attempts; n != c.calls && c.calls != 0 {
				t.Errorf("%d calls, want %d", n, c.calls)
			}
			wantNoSecret(t, err, standIn.Base.SecretAccessKey)
		})
	}
}

func TestSTSTriesOnceIfNobodyWaits(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	inject(t, standIn, awstest.Fault{Kind: awstest.KindHTTP})
	s := newSTS(t, baseConfig(standIn), sources.AssumeRole{RoleARN: roleARN})
	for i, cause := range []core.Cause{core.CauseAdvisory, core.CauseIdle, core.CauseDegraded} {
		if _, err := s.Fetch(t.Context(), &sources.Flight{Cause: cause}); err == nil {
			t.Fatal("no error in an outage")
		}
		if n := standIn.Counts().Roles[roleARN].Attempts; n != i+1 {
			t.Errorf("%d calls after %d flights", n, i+1)
		}
	}
}

// A service may echo what it was sent, the token of the base credentials and
// the one-time code included.
func TestSTSErrorsHideWhatTheServiceEchoes(t *testing.T) {
	const token, code = "FwoG-sentinel-token-of-the-base", "271828"
	for _, name := range []string{"SignatureDoesNotMatch", "AccessDenied"} {
		endpoint := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, `<ErrorResponse><Error><Code>%s</Code><Message>canonical: %s / %s</Message></Error></ErrorResponse>`,
				name, r.Header.Get("X-Amz-Security-Token"), r.PostForm.Get("TokenCode"))
		})
		base := aws.Credentials{AccessKeyID: "ASIA", SecretAccessKey: "sentinel-secret", SessionToken: token}
		s := newSTS(t, aws.Config{Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: static(base)}, sources.AssumeRole{
			RoleARN: roleARN, SerialNumber: "arn:aws:iam::1:mfa/me", MFA: func(context.Context) (string, error) { return code, nil },
		})
		_, err := s.Fetch(t.Context(), flight)
		if e := sourceError(t, err); e.Code != name || !strings.Contains(e.Message, "[redacted] / [redacted]") {
			t.Errorf("got %v", err)
		}
		wantNoSecret(t, err, token, code, "sentinel-secret")
	}
}

func TestSTSAsksForTheBaseEachTime(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	cfg := baseConfig(standIn)
	var asked atomic.Int32
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		if asked.Add(1) == 1 {
			return aws.Credentials{AccessKeyID: "AKIAGONE", SecretAccessKey: "rotated-away"}, nil
		}
		return standIn.Base, nil
	})
	s := newSTS(t, cfg, sources.AssumeRole{RoleARN: roleARN})
	_, err := s.Fetch(t.Context(), flight)
	if e := sourceError(t, err); e.Class != core.Recoverable {
		t.Errorf("a base that may rotate is permanent: %v", e)
	}
	if _, err := s.Fetch(t.Context(), flight); err != nil {
		t.Errorf("after the base has rotated: %v", err)
	}
}

func TestSTSParameters(t *testing.T) {
	long := strings.Repeat("x", 3000)
	serial := "arn:aws:iam::1:mfa/me"
	mfa := func(context.Context) (string, error) { return "123456", nil }
	for name, roles := range map[string][]sources.AssumeRole{
		"RoleARN":                 {{}, {RoleARN: "arn:short"}, {RoleARN: "arn:" + long}, {RoleARN: "not an arn, but long enough"}},
		"RoleSessionName":         {{RoleSessionName: "x"}, {RoleSessionName: long}, {RoleSessionName: "with space"}},
		"Duration":                {{Duration: time.Minute}, {Duration: 13 * time.Hour}, {Duration: 900*time.Second + 1}, {Duration: -time.Hour}, {Duration: 2 * time.Hour, Chained: true}},
		"ExternalID":              {{ExternalID: "x"}, {ExternalID: long}},
		"SourceIdentity":          {{SourceIdentity: "x"}, {SourceIdentity: "a b"}},
		"MinimumSessionTokenSize": {{MinimumSessionTokenSize: -1}, {MinimumSessionTokenSize: 4097}},
		"Tags":                    {{Tags: map[string]string{"": "x"}}, {Tags: map[string]string{"k": long}}, {Tags: map[string]string{strings.Repeat("é", 129): ""}}, {Tags: many()}, {Tags: map[string]string{"a*b": ""}}, {Tags: map[string]string{"k": "a;b"}}},
		"TransitiveTagKeys":       {{TransitiveTagKeys: []string{""}}, {TransitiveTagKeys: []string{long}}, {TransitiveTagKeys: make([]string, 51)}, {TransitiveTagKeys: []string{"a*b"}}},
		"Policy":                  {{Policy: "{\x00}"}, {Policy: "{\u0100}"}, {Policy: "{\xff}"}},
		"PolicyARNs":              {{PolicyARNs: []string{""}}, {PolicyARNs: []string{"x"}}, {PolicyARNs: make([]string, 11)}},
		"ProvidedContexts": {
			{ProvidedContexts: make([]types.ProvidedContext, 6)},
			{ProvidedContexts: []types.ProvidedContext{{ProviderArn: aws.String("arn:short"), ContextAssertion: aws.String(long[:2048])}}},
			{ProvidedContexts: []types.ProvidedContext{{ProviderArn: aws.String(roleARN), ContextAssertion: aws.String("abc")}}},
			{ProvidedContexts: []types.ProvidedContext{{ProviderArn: aws.String(roleARN), ContextAssertion: aws.String(long)}}},
		},
		"SerialNumber": {{SerialNumber: "short", MFA: mfa}, {MFA: mfa}, {MFACommand: []string{"x"}}},
		"MFA":          {{SerialNumber: serial}},
		"MFACommand":   {{SerialNumber: serial, MFA: mfa, MFACommand: []string{"x"}}, {SerialNumber: serial, MFACommand: []string{}}, {SerialNumber: serial, MFACommand: []string{""}}},
		"MFAPrompts":   {{MFAPrompts: true}},
	} {
		for _, role := range roles {
			if name != "RoleARN" {
				role.RoleARN = roleARN
			}
			_, err := sources.NewSTS(aws.Config{Region: "us-east-1", Credentials: static(aws.Credentials{})}, role)
			wantParameter(t, err, name)
		}
	}
	longest := strings.Repeat("é", 128) // characters, not bytes
	newSTS(t, aws.Config{Region: "us-east-1", Credentials: static(aws.Credentials{})}, sources.AssumeRole{
		RoleARN: roleARN, Tags: map[string]string{longest: longest + longest, "a b_.:/=+-@1": "名"}, TransitiveTagKeys: []string{longest},
		Policy: "{\t\n\r ÿ}",
		ProvidedContexts: []types.ProvidedContext{
			{}, {ProviderArn: aws.String("arn:aws:iam::aws:contextProvider/IdentityCenter"), ContextAssertion: aws.String(long[:2048])},
		},
	})
	_, err := sources.NewSTS(aws.Config{Credentials: static(aws.Credentials{})}, sources.AssumeRole{RoleARN: roleARN})
	wantParameter(t, err, "Region")
	for _, none := range []aws.CredentialsProvider{nil, aws.AnonymousCredentials{}} {
		_, err = sources.NewSTS(aws.Config{Region: "us-east-1", Credentials: none}, sources.AssumeRole{RoleARN: roleARN})
		wantParameter(t, err, "Credentials")
	}
}

func many() map[string]string {
	tags := map[string]string{}
	for i := range 51 {
		tags[fmt.Sprint(i)] = ""
	}
	return tags
}

func TestAssumeRoleShowsRoleAndNameOnly(t *testing.T) {
	role := sources.AssumeRole{
		RoleARN: roleARN, RoleSessionName: "me", ExternalID: "sentinel-external-id", Policy: "sentinel-policy",
		MFACommand: []string{"oathtool", "sentinel-seed"}, MFA: func(context.Context) (string, error) { return "", nil },
	}
	wantNoSecret(t, role, role.ExternalID, role.Policy, role.MFACommand[1])
	wantNoSecret(t, &role, role.ExternalID, role.Policy, role.MFACommand[1])
	if text := fmt.Sprintf("%+v", role); text != "AssumeRole("+roleARN+" as me)" {
		t.Error(text)
	}
	var read sources.AssumeRole
	if err := json.Unmarshal([]byte(`{"RoleARN": "arn", "ExternalID": "x"}`), &read); err != nil || read.ExternalID != "x" {
		t.Errorf("got %q, %v", read.ExternalID, err)
	}
}

// caller A asks; source has no base credentials: that does not pass by waiting. If there
// have been some, it may.
func TestNoBaseCredentials(t *testing.T) {
	var base aws.Credentials
	endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	chain := func(context.Context) (aws.Credentials, error) {
		if base.HasKeys() {
			return base, nil
		}
		// as at the end of the SDK's default chain
		return base, fmt.Errorf("no EC2 IMDS role found, %w", &smithy.OperationError{
			ServiceID: "ec2imds", OperationName: "GetMetadata", Err: errors.New("access disabled"),
		})
	}
	s := newSTS(t, aws.Config{
		Region: "us-east-1", BaseEndpoint: &endpoint, Credentials: aws.CredentialsProviderFunc(chain),
	}, sources.AssumeRole{RoleARN: roleARN})
	for _, step := range []struct {
		base aws.Credentials
		want core.Class
	}{
		{want: core.Permanent},
		{base: aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "x"}, want: core.Recoverable},
		{want: core.Recoverable},
	} {
		base = step.base
		_, err := s.Fetch(t.Context(), flight)
		var e *sources.Error
		if !errors.As(err, &e) || e.Class != step.want {
			t.Errorf("%+v: got %v", step, err)
		}
	}
}
