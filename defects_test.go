//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"

	"github.com/evercreds/evercreds"
)

// Defects of the Python predecessor, where Go has room for the same one;
// docs/evidence/defects-go.md says which test looks for which.

// Objects that a program passes to a session stay as they were, and sign as they did.
func TestArgumentsStayUnchanged(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	cfg.APIOptions = make([]func(*middleware.Stack) error, 0, 4) // room to be written into
	role := evercreds.AssumeRole{
		RoleARN: roleARN, SerialNumber: "arn:aws:iam::123456789012:mfa/me", Tags: map[string]string{"a": "1"}, TransitiveTagKeys: []string{"a"},
		MFA: func(context.Context) (string, error) { return "123456", nil },
	}
	tags, keys := maps.Clone(role.Tags), slices.Clone(role.TransitiveTagKeys)
	s, err := evercreds.NewSTS(cfg, role)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Config(cfg)
	client(t, s)
	if !maps.Equal(tags, role.Tags) || !slices.Equal(keys, role.TransitiveTagKeys) || role.RoleSessionName != "" || role.MFACommand != nil {
		t.Errorf("the role was written to: %+v", role)
	}
	if cfg.APIOptions[:4][0] != nil || cfg.HTTPClient != nil {
		t.Error("the config was written to")
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	if err != nil || strings.Contains(*who.Arn, "assumed-role") {
		t.Errorf("the config signs as %v, %v", who, err)
	}
}

func TestTwoSessionsOnOneConfig(t *testing.T) {
	standIn, cfg := startStandIn(t, 0)
	sessions := map[string]*evercreds.Session{}
	for name, arn := range map[string]string{"reader": roleARN, "stand-in": standIn.RoleARN} {
		s, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: arn})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		sessions[name] = s
	}
	for range 2 {
		for name, s := range sessions {
			for _, c := range []*sts.Client{client(t, s), sts.NewFromConfig(s.Config(cfg))} {
				who, err := c.GetCallerIdentity(t.Context(), nil)
				if err != nil || !strings.Contains(*who.Arn, ":assumed-role/"+name+"/") {
					t.Errorf("%s: signs as %v, %v", name, who, err)
				}
			}
		}
	}
	for arn, role := range standIn.Counts().Roles {
		if role.Successes != 1 {
			t.Errorf("%s was assumed %d times", arn, role.Successes)
		}
	}
}

// Sets as short as STS gives them do not lie within the windows for life.
func TestRoleOfFifteenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{}
		v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
			r := v.set(v.calls.Load(), time.Now())
			r.Expires = time.Now().Add(15 * time.Minute)
			return r, nil
		}
		s := open(t, v)
		defer s.Close()
		for range 60 { // a minute
			wantKey(t, s, 1, 0)
			time.Sleep(time.Second)
		}
		for range 3600 {
			if _, err := s.Retrieve(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if n := v.calls.Load(); n > 10 {
			t.Errorf("%d fetches in an hour", n)
		}
	})
}

// Forty reads in a row do not call a failing source forty times, and twenty waiters
// share one attempt.
func TestReadsOfAFailingSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{err: errors.New("outage")}
		s := open(t, v, toTheLetter()...)
		defer s.Close()
		for range 40 {
			wantCode(t, s, evercreds.CodeSource, 0)
		}
		if n := v.calls.Load(); n > 2 {
			t.Errorf("%d calls for forty reads in an instant", n)
		}
		time.Sleep(time.Minute)
		before := v.calls.Load()
		v.latency = 200 * time.Millisecond
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { wantCode(t, s, evercreds.CodeSource, v.latency) })
		}
		all.Wait()
		if n := v.calls.Load() - before; n != 1 {
			t.Errorf("%d calls for twenty who wait", n)
		}
	})
}

// A source that is cancelled or dies while nobody waits for it disturbs nobody.
func TestSourceThatDiesInTheAdvisoryWindow(t *testing.T) {
	for name, die := range map[string]func() error{
		"cancelled": func() error { return context.Canceled }, "panic": func() error { panic("") },
	} {
		synctest.Test(t, func(t *testing.T) {
			v := &vault{}
			s := open(t, v)
			defer s.Close()
			wantKey(t, s, 1, 0)
			v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) { return evercreds.Result{}, die() }
			time.Sleep(46 * time.Minute)
			wantKey(t, s, 1, 0)
			synctest.Wait()
			if n := v.calls.Load(); n != 2 {
				t.Errorf("%s: %d calls", name, n)
			}
			v.fetch = nil
			time.Sleep(time.Minute)
			wantKey(t, s, 1, 0)
			synctest.Wait()
			wantKey(t, s, v.calls.Load(), 0)
		})
	}
}

// A function that calls a service by a client of its own session gets an error at once;
// otherwise it would wait for itself.
func TestSourceThatUsesAClientOfItsSession(t *testing.T) {
	_, cfg := startStandIn(t, 0)
	var s *evercreds.Session
	s, err := evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
		c, err := evercreds.Client(s, sts.NewFromConfig)
		if err == nil {
			_, err = c.GetCallerIdentity(ctx, nil)
		}
		return evercreds.Credentials{}, err
	}, evercreds.WithConfig(aws.Config{Region: cfg.Region, BaseEndpoint: cfg.BaseEndpoint}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := s.Retrieve(ctx); !errors.Is(err, evercreds.ErrReentrant) {
		t.Errorf("got %v", err)
	}
}
