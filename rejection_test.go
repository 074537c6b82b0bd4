package evercreds_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
)

// A service rejects the set: the client's own retry signs with the next one, and
// its user sees nothing.
func TestRejectedSetIsReplacedWithinOneCall(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	client := sts.NewFromConfig(s.Config(s.Config(cfg))) // twice does no harm
	revokeAndCall := func() error {
		if err := standIn.RevokeHeld(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		_, err := client.GetCallerIdentity(t.Context(), nil)
		return err
	}
	if err := revokeAndCall(); err != nil {
		t.Fatal(err)
	}
	if n := standIn.Counts().Roles[roleARN].Successes; n != 2 {
		t.Errorf("%d sets were issued", n)
	}
	// rejected again at once, the fault may be elsewhere: no loop of fetches
	var e *evercreds.Error
	if err := revokeAndCall(); !errors.As(err, &e) || e.Code != evercreds.CodeRejected || time.Until(e.RetryAt) <= 0 {
		t.Errorf("got %v", err)
	}
	if n := standIn.Counts().Roles[roleARN].Attempts; n != 2 {
		t.Errorf("AssumeRole was called %d times", n)
	}
}

// AccessDenied speaks of what credentials may do, not of the credentials.
func TestAccessDeniedKeepsTheSet(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	inject(t, standIn, awstest.Fault{Kind: awstest.KindAccessDenied, Action: awstest.ActionGetCallerIdentity})
	if _, err := sts.NewFromConfig(s.Config(cfg)).GetCallerIdentity(t.Context(), nil); err == nil {
		t.Error("no error")
	}
	if n := s.Status().Rejections; n != 0 {
		t.Errorf("%d rejections", n)
	}
}

// A child learns from STS that its parent's set is rejected, and reports that to the
// parent, even if the config is not the parent's own.
func TestRejectedSetOfTheParent(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	parent := newSTS(t, cfg)
	cfg.Credentials = parent
	child, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: standIn.RoleARN})
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	if _, err := child.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := standIn.RevokeHeld(t.Context(), parent); err != nil {
		t.Fatal(err)
	}
	if _, err := child.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	if st := parent.Status(); st.Rejections != 1 || st.Installs != 2 {
		t.Errorf("the parent: %+v", st)
	}
}

// A session in the SDK's cache still gives no expired set, but loses the early refresh.
func TestWrappedInTheCacheOfTheSDK(t *testing.T) {
	t.Parallel()
	_, cfg := startStandIn(t, 2*time.Second)
	s := newSTS(t, cfg)
	wrapped := cfg.Copy()
	wrapped.Credentials = aws.NewCredentialsCache(s)
	client := sts.NewFromConfig(wrapped)
	keys := map[string]bool{}
	for end := time.Now().Add(time.Minute); len(keys) < 3 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		asked := time.Now()
		c, err := wrapped.Credentials.Retrieve(t.Context())
		if err != nil || !c.Expires.After(asked) {
			t.Fatalf("got a set until %v, %v", c.Expires, err)
		}
		keys[c.AccessKeyID] = true
		if time.Until(c.Expires) < time.Second { // it could expire on the way
			continue
		}
		if _, err := client.GetCallerIdentity(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(keys) < 2 {
		t.Errorf("%d sets", len(keys))
	}
}

// The SDK's clients ask the session for each request. With a cache of their own they
// would still sign with the set that is revoked here.
func TestClientsAskForEachRequest(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	client := sts.NewFromConfig(s.Config(cfg))
	for range 3 {
		if _, err := client.GetCallerIdentity(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		old, _ := s.Retrieve(t.Context())
		if _, err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := standIn.Revoke(old.AccessKeyID); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Status().Rejections; n != 0 {
		t.Errorf("%d calls were signed with an old set", n)
	}
	if own := standIn.Counts().Actions[awstest.ActionGetCallerIdentity]; own.Failures != 0 {
		t.Errorf("%+v", own)
	}
}

// The SDK's own retries are not needed for it: their budget may be spent, or they
// may be off.
func TestRejectedSetIsReplacedWithoutTheSDKsRetries(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	c := client(t, s, func(o *sts.Options) { o.Retryer = aws.NopRetryer{} })
	if err := standIn.RevokeHeld(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetCallerIdentity(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// A service that rejects everything is asked twice, and the caller gets its error.
func TestServiceThatRejectsEverySet(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ExpiredToken", "ExpiredTokenException", "InvalidToken"} {
		standIn, cfg := startStandIn(t, 0)
		s := newSTS(t, cfg)
		inject(t, standIn, awstest.Fault{Kind: awstest.KindError, Code: code, Action: awstest.ActionGetCallerIdentity})
		_, err := client(t, s).GetCallerIdentity(t.Context(), nil)
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != code {
			t.Errorf("%s: got %v", code, err)
		}
		if n := standIn.Counts().Actions[awstest.ActionGetCallerIdentity].Attempts; n != 2 || s.Status().Rejections != 1 {
			t.Errorf("%s: %d calls, %+v", code, n, s.Status())
		}
	}
}

// A call with a one-time code is not sent again: the service may have used it up
// before it looked at the token.
func TestRejectedCallWithAOneTimeCode(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	c := client(t, s)
	if err := standIn.RevokeHeld(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	assume := func() error {
		_, err := c.AssumeRole(t.Context(), &sts.AssumeRoleInput{
			RoleArn: &standIn.RoleARN, RoleSessionName: aws.String("me"),
			SerialNumber: aws.String("arn:aws:iam::123456789012:mfa/me"), TokenCode: aws.String("123456"),
		})
		return err
	}
	if err := assume(); err == nil {
		t.Error("no error")
	}
	if n := standIn.Counts().Roles[standIn.RoleARN].Attempts; n != 1 {
		t.Errorf("the code was sent %d times", n)
	}
	for end := time.Now().Add(time.Minute); s.Status().Installs < 2 && time.Now().Before(end); { // it reported all the same
		time.Sleep(time.Millisecond)
	}
	if err := assume(); err != nil {
		t.Error(err)
	}
}

func TestKeyAndRegionOfASignature(t *testing.T) {
	for header, want := range map[string][2]string{
		"AWS4-HMAC-SHA256 Credential=AKID/20261130/eu-west-1/s3/aws4_request, SignedHeaders=host, Signature=00": {"AKID", "eu-west-1"},
		"AWS4-ECDSA-P256-SHA256 Credential=AKID/20261130/s3/aws4_request, SignedHeaders=host, Signature=00":     {"AKID", ""}, // for a set of regions
		"AWS AKID:00": {"", ""}, // version 2
		"Bearer x":    {"", ""},
		"":            {"", ""},
	} {
		if key, region := evercreds.SignedBy(header); key != want[0] || region != want[1] {
			t.Errorf("%q: key %q, region %q", header, key, region)
		}
	}
}
