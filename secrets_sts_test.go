package evercreds_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

// echo is all that a request told, as some services and proxies repeat it.
func echo(r *http.Request) string {
	_ = r.ParseForm()
	return strings.NewReplacer("<", "", "&", "").Replace(fmt.Sprint(r.Header.Get("X-Amz-Security-Token"), r.PostForm, r.Header))
}

func refuse(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, echo(r))
	}
}

func answer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func grant(expiration string) string {
	return "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + sentinelKey + "</AccessKeyId><SecretAccessKey>" + sentinelSecret +
		"</SecretAccessKey><SessionToken>" + sentinelToken + "</SessionToken><Expiration>" + expiration + "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
}

func inAnHour() string { return time.Now().Add(time.Hour).UTC().Format(time.RFC3339) }

// badReplies are of every class that a caller of AssumeRole can meet.
var badReplies = []http.HandlerFunc{
	refuse(http.StatusForbidden, "SignatureDoesNotMatch"),
	refuse(http.StatusForbidden, "AccessDenied"),
	refuse(http.StatusBadRequest, "ExpiredToken"),
	refuse(http.StatusBadRequest, "Throttling"),
	refuse(http.StatusServiceUnavailable, "ServiceUnavailable"),
	func(w http.ResponseWriter, r *http.Request) { http.Error(w, "<html>"+echo(r), http.StatusBadGateway) },
	func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/?from="+r.Header.Get("X-Amz-Security-Token"), http.StatusFound)
	},
	answer(grant(inAnHour())[:len(grant(""))-90]), // cut off
	answer(strings.ReplaceAll(grant(inAnHour()), "SecretAccessKey>", "Secret>")),
	answer(grant("yesterday " + sentinelSecret)),
	answer(grant("2001-01-01T00:00:00Z")),
	func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, grant(inAnHour())[:200])
		panic(http.ErrAbortHandler) // the connection breaks off
	},
}

// sickSTS answers with what next says, and rejects the calls of clients.
func sickSTS(t *testing.T, next func() http.HandlerFunc) aws.Config {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		if r.PostForm.Get("Action") == "AssumeRole" {
			next()(w, r)
			return
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>")
	}))
	t.Cleanup(server.Close)
	base := aws.Credentials{AccessKeyID: "AKIABASE", SecretAccessKey: sentinelBaseSecret, SessionToken: sentinelBaseToken}
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return base, nil }),
	}
}

// Nothing that an STS session shows, logs, tells or gives as an error has a secret
// in it, in health and in sickness, nor has what can be reached from it.
func TestSTSShowsNoSecret(t *testing.T) {
	w := newWitness(t, sentinels)
	var reply atomic.Pointer[http.HandlerFunc]
	codes := 0
	role := evercreds.AssumeRole{
		RoleARN: roleARN, SerialNumber: "arn:aws:iam::123456789012:mfa/me", ExternalID: sentinelExternalID,
		MFA: func(ctx context.Context) (string, error) {
			w.show(ctx)
			codes++
			return []string{sentinelCode, "918274"}[codes%2], nil // none is sent twice in a row
		},
	}
	cfg := sickSTS(t, func() http.HandlerFunc { return *reply.Load() })
	s, err := evercreds.NewSTS(cfg, role, w.options()...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.show(role)
	refresh := func(with http.HandlerFunc) error {
		reply.Store(&with)
		_, err := s.Refresh(t.Context())
		w.session(s)
		return err
	}
	for range 2 { // with nothing held, and with something
		for _, bad := range badReplies {
			w.failure(refresh(bad))
			w.failure(s.Status().LastError)
		}
		if err := refresh(answer(grant(inAnHour()))); err != nil {
			t.Fatal(err)
		}
	}
	w.holdsOnly(s, "sets", "lease")

	w.show(callRejected(t, s))
	w.session(s)
	w.failure(refresh(refuse(http.StatusForbidden, "AccessDenied")))
	s.Close()
	_, err = s.Retrieve(t.Context())
	w.failure(err)
	w.session(s)
	w.holdsOnly(s)
	w.verdict("SignatureDoesNotMatch", "AccessDenied", "Throttling", "HTTP 502", "[redacted]", "could not be read",
		"refresh failed", "new credentials", "rejected the credentials", string(evercreds.EventClose))
}

// callRejected makes a call by a client of the session's that has a secret in its
// settings, and gives what it failed with.
func callRejected(t *testing.T, s *evercreds.Session) error {
	t.Helper()
	client, err := evercreds.Client(s, sts.NewFromConfig, func(o *sts.Options) { o.AppID = sentinelSetting })
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err == nil || s.Status().Rejections == 0 {
		t.Errorf("rejected %d times: %v", s.Status().Rejections, err)
	}
	return err
}
