package evercreds_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/evercreds/evercreds"
)

// found are what a caller may look for in an error, each of which holds a request or
// a reply where it comes from a client of the SDK's.
func (w *witness) found(err error) {
	w.t.Helper()
	var operation *smithy.OperationError
	var response *awshttp.ResponseError
	var plain *smithyhttp.ResponseError
	var api smithy.APIError
	var unreadable *smithy.DeserializationError
	var sending *smithyhttp.RequestSendError
	for _, at := range []any{&operation, &response, &plain, &api, &unreadable, &sending} {
		if errors.As(err, at) {
			w.reach(at)
		}
	}
}

// A function of the user's calls STS by the SDK, and returns its errors as they are:
// they hold the request, signed with the base credentials.
func TestErrorsOfTheSDKInAFunctionReachNoSecret(t *testing.T) {
	w := newWitness(t, sentinels)
	var reply http.HandlerFunc
	cfg := sickSTS(t, func() http.HandlerFunc { return reply })
	cfg.RetryMaxAttempts = 1
	base := sts.NewFromConfig(cfg)
	wrap := func(err error) error { return err }
	s, err := evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
		_, err := base.AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: aws.String(roleARN), RoleSessionName: aws.String("me"), ExternalId: aws.String(sentinelExternalID)})
		if err == nil {
			err = errors.New("a reply that should not have been one")
		}
		return evercreds.Credentials{}, wrap(err)
	}, append(w.options(), evercreds.WithStability(evercreds.Strict))...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, reply = range []http.HandlerFunc{quiet403("AccessDenied"), quiet403("ExpiredToken"), quiet403("Throttling"), answer("<no")} {
		for _, wrap = range []func(error) error{
			func(err error) error { return err },
			func(err error) error { return fmt.Errorf("outer: %w", err) },
			func(err error) error { return errors.Join(errors.New("one"), err) },
			func(err error) error { return &evercreds.SourceError{Message: "refused", Err: err} },
		} {
			_, err := s.Refresh(t.Context())
			w.failure(err)
			w.found(err)
			w.failure(s.Status().LastError)
			w.session(s)
		}
	}
	w.holdsOnly(s)
	s.Close()
	w.verdict("AccessDenied", "refresh failed", string(evercreds.EventFailure))
}

// quiet403 repeats nothing of what it was sent.
func quiet403(code string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>refused</Message></Error></ErrorResponse>", code)
	}
}

// The errors of a session of a role, and of one that is chained to it, in every class.
func TestErrorsOfChainedSessionsReachNoSecret(t *testing.T) {
	w := newWitness(t, sentinels)
	parentSet := evercreds.Credentials{AccessKeyID: sentinelKey, SecretAccessKey: sentinelSecret, SessionToken: sentinelToken, Expires: time.Now().Add(time.Hour)}
	parent, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) { return parentSet, nil }, w.options()...)
	if err != nil {
		t.Fatal(err)
	}
	defer parent.Close()
	var reply http.HandlerFunc
	cfg := sickSTS(t, func() http.HandlerFunc { return reply })
	cfg.Credentials, cfg.Retryer = parent, func() aws.Retryer { return aws.NopRetryer{} }
	child, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: roleARN, ExternalID: sentinelExternalID}, append(w.options(), evercreds.WithStability(evercreds.Strict))...)
	if err != nil {
		t.Fatal(err)
	}
	defer child.Close()
	for _, reply = range badReplies {
		_, err := child.Refresh(t.Context())
		w.failure(err)
		w.found(err)
		w.failure(child.Status().LastError)
		w.session(child)
	}
	w.holdsOnly(child)
	parent.Close()
	_, err = child.Refresh(t.Context())
	w.failure(err)
	w.found(err)
	child.Close()
	w.verdict("the session is closed", "SignatureDoesNotMatch")
}

// A provider of one-time codes fails with the code in its hands, by a function and by
// a command.
func TestErrorsOfOneTimeCodesReachNoSecret(t *testing.T) {
	w := newWitness(t, sentinels)
	cfg := sickSTS(t, func() http.HandlerFunc { return quiet403("AccessDenied") })
	serial := "arn:aws:iam::123456789012:mfa/me"
	for _, role := range []evercreds.AssumeRole{
		{MFA: func(context.Context) (string, error) { return sentinelCode, errors.New("got " + sentinelCode) }},
		{MFA: func(context.Context) (string, error) { panic(sentinelCode) }},
		{MFA: func(context.Context) (string, error) { return sentinelCode + "0", nil }},
		{MFA: func(context.Context) (string, error) { return sentinelCode, nil }},
		{MFACommand: []string{"sh", "-c", "echo " + sentinelCode + " " + sentinelSetting + " >&2; echo " + sentinelCode + "; exit 3"}},
		{MFACommand: []string{"sh", "-c", "echo " + sentinelCode}},
		{MFACommand: []string{"/no/such/program", sentinelSetting}},
	} {
		role.RoleARN, role.SerialNumber = roleARN, serial
		s, err := evercreds.NewSTS(cfg, role, w.options()...)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			_, err = s.Refresh(t.Context())
			w.failure(err)
			w.found(err)
			w.session(s)
		}
		s.Close()
	}
	w.verdict("MFARefused", "refresh failed")
}
