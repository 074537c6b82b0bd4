package sessiontest

import (
	"context"
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
)

// After Close nothing of a session's runs: no goroutine, no timer that would
// start one, no idle connection, whose goroutines are seen on both ends here.
func TestCloseLeavesNothingBehind(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{})
	own := func(fetch func(ctx context.Context) (evercreds.Credentials, error), opts ...evercreds.Option) *evercreds.Session {
		t.Helper()
		s, err := evercreds.NewCustom(fetch, opts...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	untilCancelled := func(ctx context.Context) (evercreds.Credentials, error) {
		<-ctx.Done()
		return evercreds.Credentials{}, ctx.Err()
	}
	for name, use := range map[string]func(t *testing.T) *evercreds.Session{
		"never used": func(t *testing.T) *evercreds.Session { return assume(t, standIn, cfg) },
		"fresh, ahead of need": func(t *testing.T) *evercreds.Session {
			s := assume(t, standIn, cfg, evercreds.WithEager())
			retrieve(t, s)
			return s
		},
		"with clients of S3 and STS": func(t *testing.T) *evercreds.Session {
			s := assume(t, standIn, cfg)
			if _, err := buckets(t, s).ListBuckets(t.Context(), nil); err != nil {
				t.Error(err)
			}
			if _, err := s.Identity(t.Context()); err != nil {
				t.Error(err)
			}
			return s
		},
		"in the midst of a refresh by STS": func(t *testing.T) *evercreds.Session {
			if err := standIn.Inject(awstest.Fault{Kind: awstest.KindHang, Action: awstest.ActionAssumeRole, Count: 1}); err != nil {
				t.Fatal(err)
			}
			before := standIn.Counts().Roles[standIn.RoleARN].Attempts
			s := assume(t, standIn, cfg)
			wait(t, s, 10)
			for standIn.Counts().Roles[standIn.RoleARN].Attempts == before {
				time.Sleep(time.Millisecond)
			}
			return s
		},
		"in the midst of a function": func(t *testing.T) *evercreds.Session {
			s := own(untilCancelled)
			wait(t, s, 50)
			return s
		},
		"with a caller who gave up": func(t *testing.T) *evercreds.Session {
			s := own(untilCancelled)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if _, err := s.Retrieve(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			return s
		},
		"with events": func(t *testing.T) *evercreds.Session {
			s := assume(t, standIn, cfg, evercreds.WithEvents(func(evercreds.Event) { time.Sleep(10 * time.Millisecond) }))
			retrieve(t, s)
			return s
		},
		"in an outage": func(t *testing.T) *evercreds.Session {
			s := own(func(context.Context) (evercreds.Credentials, error) {
				return evercreds.Credentials{}, errors.New("outage")
			}, evercreds.WithEager(), evercreds.WithMaxWait(0))
			if _, err := s.Retrieve(t.Context()); err == nil {
				t.Error("no error")
			}
			return s
		},
		"with callers who wait for the next attempt": func(t *testing.T) *evercreds.Session {
			s := own(func(context.Context) (evercreds.Credentials, error) {
				return evercreds.Credentials{}, &evercreds.SourceError{Message: "throttled", RetryAfter: 20 * time.Second}
			})
			for range 20 {
				go func() { _, _ = s.Retrieve(context.Background()) }()
			}
			for s.Status().Failures == 0 {
				time.Sleep(time.Millisecond)
			}
			return s
		},
		"in the midst of an MFA command": func(t *testing.T) *evercreds.Session {
			t.Setenv("EVERCREDS_TEST_COMMAND", "hang")
			s, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{
				RoleARN: standIn.RoleARN, SerialNumber: "arn:aws:iam::123456789012:mfa/me", MFACommand: []string{os.Args[0]},
			})
			if err != nil {
				t.Fatal(err)
			}
			wait(t, s, 3)
			return s
		},
		"of a device": func(t *testing.T) *evercreds.Session {
			s, err := evercreds.NewIoT(evercreds.IoTParams{
				Endpoint: "c1234567890abc.credentials.iot.us-east-1.amazonaws.com", RoleAlias: awstest.DefaultAlias,
				Certificate: evercreds.PEMFile(standIn.ClientEC.CertFile), PrivateKey: evercreds.PEMFile(standIn.ClientEC.KeyFile),
				CA: evercreds.PEMBytes(standIn.CAPEM),
				DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(standIn.TLSURL, "https://"))
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			retrieve(t, s)
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			s := use(t)
			begun := time.Now()
			s.Close()
			if d := time.Since(begun); d > 900*time.Millisecond {
				t.Errorf("Close waited %v for something that was to end at once", d)
			}
			goleak.VerifyNone(t, before)
		})
	}
}

// What a constructor refuses has started nothing.
func TestRefusedSessionLeavesNothingBehind(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{})
	before := goleak.IgnoreCurrent()
	for range 10 {
		_, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: standIn.RoleARN}, evercreds.WithEager(),
			evercreds.WithEvents(func(evercreds.Event) {}), evercreds.WithAdvisoryTimeout(-1))
		if err == nil {
			t.Fatal("no error")
		}
	}
	goleak.VerifyNone(t, before)
}

// A session that was dropped without Close keeps no goroutine once it is idle.
func TestDroppedSessionIsIdle(t *testing.T) {
	before := goleak.IgnoreCurrent()
	s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{AccessKeyID: "A", SecretAccessKey: "B", SessionToken: "C", Expires: time.Now().Add(time.Hour)}, nil
	}, evercreds.WithEvents(func(evercreds.Event) {}))
	if err != nil {
		t.Fatal(err)
	}
	retrieve(t, s)
	goleak.VerifyNone(t, before)
	runtime.KeepAlive(s)
}

func retrieve(t *testing.T, s *evercreds.Session) {
	t.Helper()
	if _, err := s.Retrieve(t.Context()); err != nil {
		t.Error(err)
	}
}

// wait has callers wait for the refresh that they begin; Close answers them.
func wait(t *testing.T, s *evercreds.Session, callers int) {
	t.Helper()
	for range callers {
		go func() { _, _ = s.Retrieve(context.Background()) }()
	}
	for !s.Status().Refreshing {
		time.Sleep(time.Millisecond)
	}
}

// TestMain is also the command that a test runs.
func TestMain(m *testing.M) {
	if os.Getenv("EVERCREDS_TEST_COMMAND") == "hang" {
		time.Sleep(time.Minute)
	}
	os.Exit(m.Run())
}
