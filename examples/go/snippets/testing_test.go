//go:build go1.25

package snippets

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/evercreds/evercreds"
)

// fixed is a source that returns the same credentials for ever.
func fixed(context.Context) (evercreds.Credentials, error) {
	return evercreds.Credentials{AccessKeyID: "testing", SecretAccessKey: "testing", SessionToken: "testing", NoExpiry: true}, nil
}

func TestWithoutAWS(t *testing.T) {
	session, err := evercreds.NewCustom(fixed)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	held, err := session.Retrieve(t.Context()) // as every client of the SDK does
	if err != nil || held.AccessKeyID != "testing" {
		t.Errorf("got %q, %v", held.AccessKeyID, err)
	}
}

func TestAnHourPassesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fetched := 0
		session, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
			fetched++
			return evercreds.Credentials{
				AccessKeyID: fmt.Sprint("TESTING", fetched), SecretAccessKey: "testing", SessionToken: "testing",
				Expires: time.Now().Add(time.Hour),
			}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		for _, want := range []string{"TESTING1", "TESTING2"} {
			held, err := session.Retrieve(t.Context())
			if err != nil || held.AccessKeyID != want {
				t.Errorf("got %q, %v, want %q", held.AccessKeyID, err, want)
			}
			time.Sleep(61 * time.Minute) // of the bubble's clock
		}
	})
}

func TestWithoutCredentials(t *testing.T) {
	down := errors.New("not today")
	session, err := evercreds.NewCustom(
		func(context.Context) (evercreds.Credentials, error) { return evercreds.Credentials{}, down },
		evercreds.WithMaxWait(0), // no call waits for the next attempt
	)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if _, err := session.Retrieve(t.Context()); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
}
