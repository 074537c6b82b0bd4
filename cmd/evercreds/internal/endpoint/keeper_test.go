package endpoint

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

// noon is the time of these tests, where they have their own.
var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func set(key string, end time.Time) *aws.Credentials {
	return &aws.Credentials{AccessKeyID: key, CanExpire: true, Expires: end}
}

// waiting is a session whose callers wait until their context ends, but where it has a set;
// who wants one that lasts gets the next one, or the failure.
type waiting struct {
	creds, next *aws.Credentials
	failure     error
}

func (w *waiting) Credentials(ctx context.Context, needs ...evercreds.Need) (aws.Credentials, error) {
	if len(needs) != 1 {
		return aws.Credentials{}, errors.New("it must want a set that lasts")
	}
	if w.failure != nil {
		return aws.Credentials{}, w.failure
	}
	w.creds = w.next
	return w.Retrieve(ctx)
}

func (w *waiting) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if w.creds != nil {
		return *w.creds, nil
	}
	<-ctx.Done()
	return aws.Credentials{}, ctx.Err()
}

func at(now time.Time, session Session) Held {
	return &keeper{session: session, now: func() time.Time { return now }}
}

func TestNobodyWaitsWhileASetIsGood(t *testing.T) {
	session := &waiting{creds: set("A", noon.Add(time.Hour))}
	keeper := at(noon, session)
	if got, err := keeper.Retrieve(t.Context()); err != nil || got.AccessKeyID != "A" {
		t.Fatalf("got %q, %v", got.AccessKeyID, err)
	}
	session.creds = nil // a refresh for which the session's callers wait
	if got, err := keeper.Retrieve(t.Context()); err != nil || got.AccessKeyID != "A" {
		t.Errorf("while a refresh runs: got %q, %v", got.AccessKeyID, err)
	}
}

func TestAnExpiredSetIsNotKept(t *testing.T) {
	session := &waiting{creds: set("A", time.Now().Add(-time.Second))}
	keeper := Keep(session)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, _ = keeper.Retrieve(ctx)
	session.creds = nil
	if got, err := keeper.Retrieve(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %q, %v", got.AccessKeyID, err)
	}
}

// TestASetThatIsHandedOutLasts has a set near the end that its client is told: who asks then
// gets it if it lasts long enough, else a better one or the failure, and never that set.
func TestASetThatIsHandedOutLasts(t *testing.T) {
	down := errors.New("the source is down")
	for _, c := range []struct {
		left    time.Duration
		failure error
		want    string
	}{
		{LeastLife, down, "A"},
		{LeastLife + time.Second - 1, down, "A"},
		{LeastLife - 1, nil, "B"}, // told as one that ends a second earlier
		{LeastLife - 1, down, ""},
		{time.Second, down, ""},
		{3 * time.Millisecond, down, ""},
		{3 * time.Millisecond, nil, "B"},
	} {
		session := &waiting{creds: set("A", noon.Add(c.left)), next: set("B", noon.Add(time.Hour)), failure: c.failure}
		got, err := at(noon, session).Retrieve(t.Context())
		if got.AccessKeyID != c.want || c.want == "" && !errors.Is(err, down) {
			t.Errorf("with %s left: got %q, %v; want %q", c.left, got.AccessKeyID, err, c.want)
		}
	}
}

// TestTheLastSetIsKeptNoLonger: a session's callers wait for a refresh, and it fails; the set
// that was served before has too little left.
func TestTheLastSetIsKeptNoLonger(t *testing.T) {
	down := errors.New("the source is down")
	now := noon
	session := &waiting{creds: set("A", noon.Add(time.Minute)), failure: down}
	keeper := &keeper{session: session, now: func() time.Time { return now }}
	_, _ = keeper.Retrieve(t.Context())
	session.creds = nil
	for left, want := range map[time.Duration]string{LeastLife: "A", LeastLife - 1: ""} {
		now = noon.Add(time.Minute - left)
		if got, err := keeper.Retrieve(t.Context()); got.AccessKeyID != want || want == "" && !errors.Is(err, down) {
			t.Errorf("with %s left: got %q, %v; want %q", left, got.AccessKeyID, err, want)
		}
	}
}

// ending is a role whose set ends in a second.
type ending struct{}

func (ending) Retrieve(context.Context) (aws.Credentials, error) {
	return *set("AKIDENDING", time.Now().Add(time.Second)), nil
}

// TestNothingThatEndsIsServed asks both ways for a set that nobody could use any more.
func TestNothingThatEndsIsServed(t *testing.T) {
	s, address := start(t, Config{})
	role := &Role{"a", "token-a", ending{}}
	s.Set([]*Role{role})
	s.SetIMDS(role, "")
	host := " HTTP/1.1\r\nHost: " + address + "\r\n"
	session := s.tokens.issue(time.Hour, time.Now())
	for _, request := range []string{
		"GET /credentials/a" + host + "Authorization: token-a\r\n\r\n",
		"GET " + imdsRoles + "a" + host + "X-Aws-Ec2-Metadata-Token: " + session + "\r\n\r\n",
	} {
		status, text := send(t, address, request)
		if status != http.StatusServiceUnavailable || strings.Contains(text, "AKID") {
			t.Errorf("%s: got %d: %s", request, status, text)
		}
		for _, field := range []string{"code", "Code", "message", "Message"} {
			if !strings.Contains(text, `"`+field+`":"`) {
				t.Errorf("no %s in %s", field, text)
			}
		}
	}
}
