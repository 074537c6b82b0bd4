package evercreds_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

const (
	sentinelKey    = "SENTINEL-ACCESS-KEY"
	sentinelSecret = "sentinel-secret-key"
	sentinelToken  = "sentinel-session-token"
)

// buffer is a log that may be written from several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// sickSTS first echoes what it was sent in errors of several kinds, then grants
// credentials, then goes back to errors.
func sickSTS(t *testing.T) aws.Config {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		echo := r.Header.Get("X-Amz-Security-Token") + " " + r.Header.Get("Authorization")
		switch calls {
		case 1, 5, 6, 7:
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>%s</Message></Error></ErrorResponse>", echo)
		case 2:
			_, _ = fmt.Fprintf(w, "<AssumeRoleResponse><AssumeRoleResult><Credentials><SessionToken>%s</SessionToken><Expiration>%s</Expiration>", sentinelToken, sentinelSecret)
		case 3:
			_, _ = w.Write([]byte(grant("yesterday " + sentinelSecret)))
		default:
			_, _ = w.Write([]byte(grant(time.Now().Add(time.Hour).UTC().Format(time.RFC3339))))
		}
	}))
	t.Cleanup(server.Close)
	base := aws.Credentials{AccessKeyID: "AKIABASE", SecretAccessKey: sentinelSecret, SessionToken: sentinelToken}
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return base, nil }),
	}
}

func grant(expiration string) string {
	return "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>" + sentinelKey + "</AccessKeyId><SecretAccessKey>" + sentinelSecret +
		"</SecretAccessKey><SessionToken>" + sentinelToken + "</SessionToken><Expiration>" + expiration + "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
}

// Nothing that the session shows or logs has a secret in it, however it is
// printed, in health and in sickness.
func TestNoSecretIsEverShown(t *testing.T) {
	var log buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := evercreds.NewSTS(sickSTS(t), evercreds.AssumeRole{RoleARN: roleARN}, evercreds.WithLogger(logger))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	failed, served := 0, 0
	show := func(v any) {
		logger.Info("shown", "value", v)
		_, _ = fmt.Fprintf(&log, "%v %+v %#v %s %q %d\n", v, v, v, v, v, v)
		text, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%T as JSON: %v", v, err)
		}
		_, _ = log.Write(text)
	}
	for deadline := time.Now().Add(20 * time.Second); (failed < 3 || served < 3) && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		_, err := s.Refresh(t.Context())
		show(s.Status())
		show(s)
		if err == nil {
			served++
			continue
		}
		failed++
		show(err)
		for ; err != nil; err = errors.Unwrap(err) {
			_, _ = fmt.Fprintf(&log, "%v %+v %#v\n", err, err, err)
		}
	}
	if failed < 3 || served < 1 {
		t.Fatalf("%d failures, %d sets", failed, served)
	}
	text := log.String()
	for _, secret := range []string{sentinelKey, sentinelSecret, sentinelToken} {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%q shows in: ...%s", secret, text[max(0, at-200):at])
		}
	}
	for _, want := range []string{"SignatureDoesNotMatch", "refresh failed", "new credentials"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log says nothing of %q", want)
		}
	}
}

func TestCustomErrorsShowNoSecret(t *testing.T) {
	s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{AccessKeyID: sentinelKey, SecretAccessKey: sentinelSecret, SessionToken: sentinelToken}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e := wantCustomError(t, s)
	text := fmt.Sprintf("%v %+v %#v", e, e, e)
	if strings.Contains(strings.ToLower(text), "sentinel") || !strings.Contains(text, "exactly one of Expires and NoExpiry") {
		t.Error(text)
	}
}

func wantCustomError(t *testing.T, s *evercreds.Session) *evercreds.Error {
	t.Helper()
	_, err := s.Retrieve(t.Context())
	var e *evercreds.Error
	if !errors.As(err, &e) || e.Code != evercreds.CodeMalformed {
		t.Fatalf("got %v", err)
	}
	return e
}
