package endpoint

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
)

// waiting is a session whose callers wait until their context ends, but where it has a set.
type waiting struct{ creds, next *aws.Credentials }

func (w *waiting) Credentials(ctx context.Context, _ ...evercreds.Need) (aws.Credentials, error) {
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

func TestNobodyWaitsWhileASetIsGood(t *testing.T) {
	session := &waiting{creds: &aws.Credentials{AccessKeyID: "A", CanExpire: true, Expires: time.Now().Add(time.Hour)}}
	keeper := Keep(session)
	if got, err := keeper.Retrieve(t.Context()); err != nil || got.AccessKeyID != "A" {
		t.Fatalf("got %q, %v", got.AccessKeyID, err)
	}
	session.creds = nil // a refresh for which the session's callers wait
	if got, err := keeper.Retrieve(t.Context()); err != nil || got.AccessKeyID != "A" {
		t.Errorf("while a refresh runs: got %q, %v", got.AccessKeyID, err)
	}
}

func TestAnExpiredSetIsNotKept(t *testing.T) {
	session := &waiting{creds: &aws.Credentials{AccessKeyID: "A", CanExpire: true, Expires: time.Now().Add(-time.Second)}}
	keeper := Keep(session)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, _ = keeper.Retrieve(ctx)
	session.creds = nil
	if got, err := keeper.Retrieve(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %q, %v", got.AccessKeyID, err)
	}
}

// TestTheLastFractionOfASecondIsNoLife has a set whose end a client would be told as one that
// has passed: it waits for the next one, and is not sent away.
func TestTheLastFractionOfASecondIsNoLife(t *testing.T) {
	now := time.Now()
	end := now.Truncate(time.Second).Add(time.Second - time.Nanosecond)
	session := &waiting{
		creds: &aws.Credentials{AccessKeyID: "A", CanExpire: true, Expires: end},
		next:  &aws.Credentials{AccessKeyID: "B", CanExpire: true, Expires: now.Add(time.Hour)},
	}
	if got, err := Keep(session).Retrieve(t.Context()); err != nil || got.AccessKeyID != "B" {
		t.Errorf("got %q, %v", got.AccessKeyID, err)
	}
}
