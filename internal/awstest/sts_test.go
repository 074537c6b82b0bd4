package awstest

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func TestAssumeRole(t *testing.T) {
	s, clock := start(t, Config{})
	in := assumeInput(role)
	in.DurationSeconds = aws.Int32(900)
	in.MinimumSessionTokenSize = aws.Int32(4096)
	in.ExternalId = aws.String("ticket:7/a")
	in.SerialNumber, in.TokenCode = aws.String("arn:aws:iam::123456789012:mfa/ann"), aws.String("012345")
	in.SourceIdentity = aws.String("ann")
	in.Policy = aws.String(`{"Version":"2012-10-17","Statement":[]}`)
	in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}}
	in.Tags = []types.Tag{{Key: aws.String("cost center"), Value: aws.String("é & <7>")}}
	in.TransitiveTagKeys = []string{"cost center"}
	out, err := stsClient(s, s.Base).AssumeRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := aws.ToTime(out.Credentials.Expiration), clock.Now().Add(900*time.Second); !got.Equal(want) {
		t.Errorf("Expiration %v, want %v", got, want)
	}
	if got, want := aws.ToString(out.AssumedRoleUser.Arn), "arn:aws:sts::210987654321:assumed-role/reader/tester"; got != want {
		t.Errorf("AssumedRoleUser.Arn %s, want %s", got, want)
	}
	if got := aws.ToString(out.AssumedRoleUser.AssumedRoleId); !strings.HasPrefix(got, "AROA") || !strings.HasSuffix(got, ":tester") {
		t.Errorf("AssumedRoleId %s", got)
	}
	//lint:ignore SA1019 clients of any age are served, and read the older name
	packed := aws.ToInt32(out.PackedPolicySize)
	if aws.ToString(out.SourceIdentity) != "ann" || packed < 1 {
		t.Errorf("SourceIdentity %q, PackedPolicySize %v", aws.ToString(out.SourceIdentity), packed)
	}
	if n := len(aws.ToString(out.Credentials.SessionToken)); n != 4096 {
		t.Errorf("a token of %d bytes", n)
	}
	if _, err := stsClient(s, credentialsOf(out)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err != nil {
		t.Errorf("the long token: %v", err)
	}
	if again := assume(t, s, role); again.AccessKeyID == aws.ToString(out.Credentials.AccessKeyId) {
		t.Error("two issues share an access key")
	}
}

func TestGetCallerIdentity(t *testing.T) {
	s, _ := start(t, Config{})
	for _, tc := range []struct {
		name    string
		creds   aws.Credentials
		arn     string
		account string
	}{
		{"base", s.Base, "arn:aws:iam::123456789012:user/stand-in", "123456789012"},
		{"role", assume(t, s, role), "arn:aws:sts::210987654321:assumed-role/reader/tester", "210987654321"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			out, err := stsClient(s, tc.creds).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			if err != nil {
				t.Fatal(err)
			}
			if aws.ToString(out.Arn) != tc.arn || aws.ToString(out.Account) != tc.account {
				t.Errorf("got %s of %s", aws.ToString(out.Arn), aws.ToString(out.Account))
			}
		})
	}
}

func TestAssumeRoleParameters(t *testing.T) {
	s, _ := start(t, Config{})
	for _, tc := range []struct {
		name, code string
		change     func(*sts.AssumeRoleInput)
	}{
		{"role arn of a user", "ValidationError", func(in *sts.AssumeRoleInput) { in.RoleArn = aws.String("arn:aws:iam::123456789012:user/x") }},
		{"short session name", "ValidationError", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("x") }},
		{"session name with a space", "ValidationError", func(in *sts.AssumeRoleInput) { in.RoleSessionName = aws.String("a b") }},
		{"duration below", "ValidationError", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(899) }},
		{"token size above", "ValidationError", func(in *sts.AssumeRoleInput) { in.MinimumSessionTokenSize = aws.Int32(4097) }},
		{"duration above", "ValidationError", func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(43201) }},
		{"serial alone", "AccessDenied", func(in *sts.AssumeRoleInput) { in.SerialNumber = aws.String("GAHT12345678") }},
		{"code alone", "AccessDenied", func(in *sts.AssumeRoleInput) { in.TokenCode = aws.String("123456") }},
		{"code of 5 digits", "ValidationError", func(in *sts.AssumeRoleInput) {
			in.SerialNumber, in.TokenCode = aws.String("GAHT12345678"), aws.String("12345")
		}},
		{"code with a letter", "ValidationError", func(in *sts.AssumeRoleInput) {
			in.SerialNumber, in.TokenCode = aws.String("GAHT12345678"), aws.String("12345a")
		}},
		{"short external id", "ValidationError", func(in *sts.AssumeRoleInput) { in.ExternalId = aws.String("x") }},
		{"policy not json", "MalformedPolicyDocument", func(in *sts.AssumeRoleInput) { in.Policy = aws.String("{") }},
		{"policy too large", "PackedPolicyTooLarge", func(in *sts.AssumeRoleInput) {
			in.Policy = aws.String(`"` + strings.Repeat("x", maxPacked) + `"`)
		}},
		{"51 tags", "ValidationError", func(in *sts.AssumeRoleInput) {
			for range 51 {
				in.Tags = append(in.Tags, types.Tag{Key: aws.String("k"), Value: aws.String("v")})
			}
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := assumeInput(role)
			tc.change(in)
			_, err := stsClient(s, s.Base).AssumeRole(t.Context(), in)
			wantCode(t, err, tc.code)
			if in.TokenCode != nil && strings.Contains(err.Error(), *in.TokenCode) {
				t.Error("the error shows the token code")
			}
		})
	}
}

func TestUnknownParametersAndActions(t *testing.T) {
	s, _ := start(t, Config{})
	for _, tc := range []struct{ name, form, want string }{
		{"parameter", "Action=AssumeRole&Version=2011-06-15&RoleArn=" + role + "&RoleSessionName=me&Duration=900", "unknown parameter &#39;Duration&#39;"},
		{"twice", "Action=AssumeRole&Version=2011-06-15&RoleArn=" + role + "&RoleSessionName=me&RoleSessionName=you", "more than once"},
		{"missing", "Action=AssumeRole&Version=2011-06-15", "2 validation errors detected"},
		{"action", "Action=GetFederationToken&Version=2011-06-15", "<Code>InvalidAction</Code>"},
		{"version", "Action=AssumeRole&Version=2010-01-01", "<Code>InvalidAction</Code>"},
		{"identity", "Action=GetCallerIdentity&Version=2011-06-15&RoleArn=x", "unknown parameter"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := send(t, plainClient(), s.stsCall(tc.form).request(t, s.Base))
			if got.status != 400 || !strings.Contains(got.body, tc.want) || !strings.Contains(got.body, "<Type>Sender</Type>") {
				t.Errorf("%d %s, want %q", got.status, got.body, tc.want)
			}
		})
	}
}

func TestRoleChaining(t *testing.T) {
	s, _ := start(t, Config{})
	first := assume(t, s, role)
	in := assumeInput("arn:aws:iam::123456789012:role/second")
	in.DurationSeconds = aws.Int32(3600)
	if _, err := stsClient(s, first).AssumeRole(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	in.DurationSeconds = aws.Int32(3601)
	_, err := stsClient(s, first).AssumeRole(t.Context(), in)
	wantCode(t, err, "ValidationError")
	if !strings.Contains(err.Error(), "exceeds the 1 hour session limit for roles assumed by role chaining") {
		t.Error(err)
	}
	if _, err := stsClient(s, s.Base).AssumeRole(t.Context(), in); err != nil {
		t.Errorf("the base user has no such limit: %v", err)
	}
}

func TestLifetimes(t *testing.T) {
	s, clock := start(t, Config{Lifetime: 5 * time.Second, Lifetimes: map[string]time.Duration{role: 2 * time.Second}})
	clock.advance(250 * time.Millisecond)
	lifetime := func(roleARN string) time.Duration { return assume(t, s, roleARN).Expires.Sub(clock.Now()) }
	if got := lifetime(role); got != 2*time.Second {
		t.Errorf("the role's lifetime is %v", got)
	}
	if got := lifetime(s.RoleARN); got != 5*time.Second {
		t.Errorf("the lifetime of all is %v", got)
	}
	in := assumeInput(role)
	in.DurationSeconds = aws.Int32(2) // allowed where it does not count
	if _, err := stsClient(s, s.Base).AssumeRole(t.Context(), in); err != nil {
		t.Error(err)
	}
	if err := s.SetLifetime("", 0); err != nil {
		t.Fatal(err)
	}
	if got := lifetime(s.RoleARN); got != time.Hour-250*time.Millisecond {
		t.Errorf("the default lifetime, to the second, is %v", got)
	}
	for _, bad := range []time.Duration{time.Second, -time.Second, 13 * time.Hour} {
		if err := s.SetLifetime("", bad); err == nil || !strings.Contains(err.Error(), "lifetime") {
			t.Errorf("SetLifetime(%v): %v", bad, err)
		}
	}
}
