//go:build go1.25

package evercreds_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/leaks"
)

// watched takes what a program sees of its sessions.
type watched struct {
	mu      sync.Mutex
	events  []evercreds.Event
	records buffer
}

func (w *watched) options() []evercreds.Option {
	return []evercreds.Option{
		evercreds.WithMaxWait(0),
		evercreds.WithLogger(slog.New(slog.NewJSONHandler(&w.records, nil))),
		evercreds.WithEvents(func(e evercreds.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		}),
	}
}

// record is the log's record of a failure of this role's.
func (w *watched) record(t *testing.T, role string) map[string]any {
	t.Helper()
	for line := range bytes.Lines([]byte(w.records.String())) {
		fields := map[string]any{}
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatal(err)
		}
		if fields["role"] == role && fields["error_code"] != nil {
			return fields
		}
	}
	t.Fatalf("no record of %s in\n%s", role, w.records.String())
	return nil
}

func (w *watched) event(t *testing.T, role string, kind evercreds.EventKind) evercreds.Event {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Role == role && e.Kind == kind {
			return e
		}
	}
	t.Fatalf("no %s of %s in %v", kind, role, w.events)
	return evercreds.Event{}
}

// Sessions of several roles are told apart in the log, the events and the status: by
// names, cause, class, the service's error code and the next attempt.
func TestSessionsAreToldApart(t *testing.T) {
	server, cfg := startStandIn(t, time.Hour)
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	away := cfg.Copy()
	away.BaseEndpoint = aws.String("http://127.0.0.1:1")
	w := &watched{}
	for _, c := range []struct {
		name, code string
		class      evercreds.Class
		cfg        aws.Config
	}{
		{"denied", "AccessDenied", evercreds.Permanent, cfg},
		{"throttled", "Throttling", evercreds.Recoverable, cfg},
		{"away", "network", evercreds.Recoverable, away},
	} {
		role := "arn:aws:iam::123456789012:role/" + c.name
		if c.name != "away" {
			inject(t, server, awstest.Fault{Kind: awstest.KindError, Role: role, Status: 403, Code: c.code})
		}
		s, err := evercreds.NewSTS(c.cfg, evercreds.AssumeRole{RoleARN: role, RoleSessionName: "of-" + c.name}, w.options()...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Retrieve(t.Context()); err == nil {
			t.Fatal("no error")
		}
		status := s.Status()
		s.Close()
		next := status.NextAttempt
		if status.SessionName != "of-"+c.name || status.Role != role || status.LastCause != evercreds.CauseFirst ||
			status.LastError.AWSErrorCode != c.code || status.LastError.Class != c.class || c.class == evercreds.Permanent && next.Before(time.Now()) {
			t.Errorf("%s: status %+v", c.name, status)
		}
		e := w.event(t, role, evercreds.EventFailure)
		if e.SessionName != "of-"+c.name || e.Cause != evercreds.CauseFirst || e.ErrorCode != evercreds.CodeSource || e.ErrorClass != c.class ||
			e.AWSErrorCode != c.code || e.NextAttempt.Sub(next).Abs() > time.Second {
			t.Errorf("%s: event %+v", c.name, e)
		}
		record := w.record(t, role)
		at, _ := time.Parse(time.RFC3339Nano, fmt.Sprint(record["next_attempt"]))
		if record["session_name"] != "of-"+c.name || record["cause"] != "first" || record["error_class"] != c.class.String() ||
			record["error_code"] != "source" || record["aws_error_code"] != c.code || at.Sub(next).Abs() > time.Second {
			t.Errorf("%s: record %v", c.name, record)
		}
	}
}

// The end of the held credentials is told as callers see it, and in a status until they
// are replaced.
func TestExpiryIsTold(t *testing.T) {
	_, cfg := startStandIn(t, time.Hour)
	w := &watched{}
	s := newSTS(t, cfg, w.options()...)
	creds, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	status := s.Status()
	s.Close()
	for _, at := range []time.Time{status.Expiry, w.event(t, roleARN, evercreds.EventRefresh).Expiry} {
		if at.Sub(creds.Expires).Abs() > time.Second {
			t.Errorf("%v, want %v", at, creds.Expires)
		}
	}
	if e := w.event(t, roleARN, evercreds.EventRefresh); e.Cause != evercreds.CauseFirst || !e.NextAttempt.IsZero() || e.ErrorCode != 0 {
		t.Errorf("%+v", e)
	}
}

// A warning of the session's own has what all events and records have.
func TestAWarningTellsItsSession(t *testing.T) {
	_, cfg := startStandIn(t, time.Hour)
	w := &watched{}
	s := newSTS(t, cfg, w.options()...)
	creds, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = sts.NewPresignClient(client(t, s)).PresignGetCallerIdentity(t.Context(), nil, func(o *sts.PresignOptions) {
		o.Presigner = expiring{v4.NewSigner()}
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if e := w.event(t, roleARN, evercreds.EventWarning); e.SessionName == "" || e.Expiry.Sub(creds.Expires).Abs() > time.Second || e.ErrorCode.String() != "none" {
		t.Errorf("%+v", e)
	}
	told := 0
	for line := range strings.Lines(w.records.String()) {
		if strings.Contains(line, "presigned URL") && strings.Contains(line, `"expiry":`) {
			told++
		}
	}
	if told != 1 {
		t.Errorf("%d records have it and the expiry:\n%s", told, w.records.String())
	}
}

// expiring presigns for a day.
type expiring struct{ *v4.Signer }

func (e expiring) PresignHTTP(
	ctx context.Context, by aws.Credentials, r *http.Request, hash, service, region string, at time.Time, opts ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	query := r.URL.Query()
	query.Set("X-Amz-Expires", "86400")
	r.URL.RawQuery = query.Encode()
	return e.Signer.PresignHTTP(ctx, by, r, hash, service, region, at, opts...)
}

// A service, or a function, that puts a secret in place of its error code or into its
// names shows nothing of it.
func TestNoSecretIsToldInPlaceOfACode(t *testing.T) {
	const secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYzSENTINEL"
	found := leaks.Find(leaks.Secrets{"the secret": secret})
	for _, code := range []string{secret, "AccessDenied\n" + secret, "AccessDenied " + secret, secret + ".NotFound"} {
		for _, err := range []error{
			&smithy.GenericAPIError{Code: code, Message: "no"},
			&evercreds.SourceError{Code: code, Message: "no"},
			fmt.Errorf("no: %w", &evercreds.SourceError{Code: code}),
		} {
			if strings.Contains(fmt.Sprintf("%v", err), secret) && fmt.Sprintf("%T", err) == "*smithy.GenericAPIError" {
				err = &wordless{err.(*smithy.GenericAPIError)}
			}
			w := &watched{}
			s, openErr := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) { return evercreds.Credentials{}, err }, w.options()...)
			if openErr != nil {
				t.Fatal(openErr)
			}
			_, _ = s.Retrieve(t.Context())
			shown := fmt.Sprintf("%+v %v", s.Status(), s.Status().LastError)
			s.Close()
			for _, e := range w.events {
				shown += fmt.Sprintf(" %+v", e)
			}
			if traces := found.In([]byte(shown + w.records.String())); len(traces) > 0 {
				t.Errorf("%q in %T: %v", code, err, traces)
			}
		}
	}
}

// wordless is an error of a service whose text does not repeat its code.
type wordless struct{ smithy.APIError }

func (wordless) Error() string { return "no" }

// The kinds of events are those of the table.
func TestEventsAreThoseOfTheTable(t *testing.T) {
	kinds := []evercreds.EventKind{
		evercreds.EventStart, evercreds.EventRefresh, evercreds.EventFailure, evercreds.EventRejection,
		evercreds.EventDegraded, evercreds.EventWarning, evercreds.EventShare, evercreds.EventClose,
	}
	for i, e := range words.Events {
		if string(kinds[i]) != e.Name {
			t.Errorf("%s, want %s", kinds[i], e.Name)
		}
	}
}
