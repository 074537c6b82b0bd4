package sessiontest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
)

// idiom makes a client in the SDK's own way: the session is an option of the loader.
func idiom(t *testing.T, cfg aws.Config, provider aws.CredentialsProvider, opts ...config.LoadOptionsFunc) *s3.Client {
	t.Helper()
	withoutCredentials(t)
	load := []func(*config.LoadOptions) error{
		config.WithRegion(cfg.Region), config.WithBaseEndpoint(*cfg.BaseEndpoint), config.WithCredentialsProvider(provider),
	}
	for _, o := range opts {
		load = append(load, o)
	}
	loaded, err := config.LoadDefaultConfig(t.Context(), load...)
	if err != nil {
		t.Fatal(err)
	}
	return s3.NewFromConfig(loaded, pathStyle)
}

// The service rejects the held set; twenty callers ask with clients that the SDK's loader
// configured: every call succeeds, with one set more.
func TestLoadedConfigReplacesARejectedSet(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{})
	s := assume(t, standIn, cfg)
	client := idiom(t, cfg, s.Uncached(), config.WithAPIOptions(s.APIOptions()))
	list := func(context.Context) error {
		_, err := client.ListBuckets(t.Context(), nil)
		return err
	}
	if err := list(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := standIn.RevokeHeld(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if err := list(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := standIn.Counts().Roles[standIn.RoleARN].Successes; n != 2 {
		t.Errorf("%d sets were issued", n)
	}
}

// A set lasts four seconds, half of which is the advisory window. A client of the loader's
// calls in it: a refresh begins, for which nobody waits.
func TestLoadedConfigHeedsTheWindows(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{Lifetime: 4 * time.Second})
	s := assume(t, standIn, cfg)
	client := idiom(t, cfg, s.Uncached(), config.WithAPIOptions(s.APIOptions()))
	for range 2 {
		if _, err := client.ListBuckets(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2200 * time.Millisecond)
	}
	for end := time.Now().Add(time.Minute); standIn.Counts().Roles[standIn.RoleARN].Successes != 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no refresh")
		}
	}
}

// The wrong form: the session itself in the loader's cache. The call that meets the
// rejection fails with the service's error, and the session tells why.
func TestLoadedConfigInTheWrongForm(t *testing.T) {
	for name, reports := range map[string]bool{"at the first call": false, "at a rejection": true} {
		t.Run(name, func(t *testing.T) {
			standIn, cfg := start(t, awstest.Config{})
			told := make(chan string, 10)
			s := assume(t, standIn, cfg, evercreds.WithEvents(func(e evercreds.Event) {
				if e.Kind == evercreds.EventWarning {
					told <- e.Message
				}
			}))
			opts := []config.LoadOptionsFunc{}
			if reports { // a lease hides the cache at first
				opts = append(opts, config.WithAPIOptions(s.APIOptions()))
				if _, err := s.Retrieve(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			client := idiom(t, cfg, s, opts...)
			if _, err := client.ListBuckets(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if reports {
				if err := standIn.RevokeHeld(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				if _, err := client.ListBuckets(t.Context(), nil); err == nil {
					t.Error("no error: the SDK's cache heeds rejections now")
				}
			}
			select {
			case text := <-told:
				t.Log(text)
			case <-time.After(time.Minute):
				t.Error("nothing was told")
			}
			if err := s.Close(); err != nil || len(told) != 0 {
				t.Errorf("%v, and %d more warnings", err, len(told))
			}
		})
	}
}

// An error of the session's comes through the SDK's cache as it is, and is not retried.
func TestLoadedConfigShowsTheSessionsError(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{})
	s := assume(t, standIn, cfg)
	client := idiom(t, cfg, s.Uncached(), config.WithAPIOptions(s.APIOptions()))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	_, err := client.ListBuckets(t.Context(), nil)
	var told *evercreds.Error
	if !errors.As(err, &told) || told.Code != evercreds.CodeClosed {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
}
