package endpoint

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// waiting is a session whose callers wait until their context ends, but where it has a set.
type waiting struct{ creds *aws.Credentials }

func (w *waiting) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if w.creds != nil {
		return *w.creds, nil
	}
	<-ctx.Done()
	return aws.Credentials{}, ctx.Err()
}

func TestNobodyWaitsWhileASetIsGood(t *testing.T) {
	session := &waiting{&aws.Credentials{AccessKeyID: "A", CanExpire: true, Expires: time.Now().Add(time.Hour)}}
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
	session := &waiting{&aws.Credentials{AccessKeyID: "A", CanExpire: true, Expires: time.Now().Add(-time.Second)}}
	keeper := Keep(session)
	_, _ = keeper.Retrieve(t.Context())
	session.creds = nil
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if got, err := keeper.Retrieve(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %q, %v", got.AccessKeyID, err)
	}
}
