//go:build go1.25

package evercreds_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/leaks"
)

// sickEndpoint refuses every token, in the words of code, and counts the calls.
func sickEndpoint(t *testing.T, code string) (address string, calls *atomic.Int64) {
	calls = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>"+code+"</Code><Message>refused</Message></Error></ErrorResponse>")
	}))
	t.Cleanup(server.Close)
	return server.URL, calls
}

func at(address string) func(*sts.Options) {
	return func(o *sts.Options) { o.BaseEndpoint = &address }
}

// service rejects for B, again and again; callers A go on: none of their calls fails,
// the source is asked at a bounded pace, and B has the service's own words.
func TestASickEndpointHarmsItselfAlone(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	address, refused := sickEndpoint(t, "InvalidToken")
	healthy, sick := client(t, s), client(t, s, at(address))
	var all sync.WaitGroup
	begun := time.Now()
	on := func() bool { // longer where the machine has other things to do
		return time.Since(begun) < 3*time.Second || refused.Load() < 10 && time.Since(begun) < time.Minute
	}
	for range 5 {
		all.Go(func() {
			for on() {
				if _, err := healthy.GetCallerIdentity(t.Context(), nil); err != nil {
					t.Errorf("a healthy call: %v", err)
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	for on() {
		_, err := sick.GetCallerIdentity(t.Context(), nil)
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "InvalidToken" {
			t.Errorf("the sick call: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	all.Wait()
	// one at once, and then none before 5 s after the install
	if n := attempts(standIn); n > 3+int(time.Since(begun)/(5*time.Second)) || refused.Load() < 10 {
		t.Errorf("%d sets for %d refusals", n, refused.Load())
	}
	if st := s.Status(); st.Rejected || st.Rejections == 0 {
		t.Errorf("%+v", st)
	}
}

// A day with an endpoint that refuses whatever comes, called often or rarely: caller A
// asks each second, and is always served at once.
func TestADayWithASickEndpoint(t *testing.T) {
	for _, every := range []time.Duration{time.Second, 61 * time.Second, 11 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			v := &vault{}
			s := open(t, v)
			defer s.Close()
			refused := 0
			for i := range 24 * 3600 {
				start := time.Now()
				held, err := s.Retrieve(t.Context())
				if err != nil || time.Since(start) != 0 {
					t.Fatalf("%v after %v", err, time.Since(start))
				}
				if time.Duration(i)*time.Second%every == 0 {
					other, err := s.Credentials(t.Context(), evercreds.OtherThan(held))
					if err == nil && other.AccessKeyID == held.AccessKeyID {
						t.Fatal("B has the set that was refused to it")
					}
					refused++
				}
				time.Sleep(time.Second - time.Since(start))
			}
			if n := v.calls.Load(); n > 24*12+12 {
				t.Errorf("every %v: %d fetches for %d refusals", every, n, refused)
			}
		})
	}
}

// service rejects a revoked set for sixty callers at once: no call fails, and one set
// is fetched.
func TestARevokedSetIsReplacedOnce(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	c := client(t, s)
	if _, err := c.GetCallerIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := standIn.RevokeHeld(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			for range 3 {
				if _, err := c.GetCallerIdentity(t.Context(), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := attempts(standIn); n != 2 {
		t.Errorf("%d sets were fetched", n)
	}
}

// service says RequestExpired: if the set has expired, the call is sent again with a new
// one; if the clock is wrong, the log says so, and the source is not asked for each
// call.
func TestRequestExpired(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	var log buffer
	s := newSTS(t, cfg, evercreds.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	c := client(t, s)
	fault := awstest.Fault{Kind: awstest.KindError, Code: "RequestExpired", Action: awstest.ActionGetCallerIdentity, Count: 1}
	inject(t, standIn, fault)
	if _, err := c.GetCallerIdentity(t.Context(), nil); err != nil {
		t.Errorf("once: %v", err)
	}
	if n := attempts(standIn); n != 2 {
		t.Errorf("%d sets were fetched", n)
	}
	fault.Count = 0
	inject(t, standIn, fault)
	if _, err := s.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	var api smithy.APIError
	for range 5 {
		if _, err := c.GetCallerIdentity(t.Context(), nil); !errors.As(err, &api) || api.ErrorCode() != "RequestExpired" {
			t.Errorf("always: %v", err)
		}
	}
	if n := attempts(standIn); n > 4 || s.Status().Rejections != 0 {
		t.Errorf("%d sets were fetched, %+v", n, s.Status())
	}
	s.Close()
	if text := log.String(); strings.Count(text, "clock may be wrong") != 1 {
		t.Errorf("the log:\n%s", text)
	}
}

// service rejects for A; the source is down: A has the service's own error, in which
// the source's is the cause, and from which nothing leads to the session.
func TestServicesErrorWrapsTheSourcesError(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg, evercreds.WithMaxWait(0))
	if _, err := s.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	inject(t, standIn, awstest.Fault{Kind: awstest.KindAccessDenied, Action: awstest.ActionAssumeRole})
	refused := 0
	// a client without a network, since nothing may change what is walked over below
	_, err := client(t, s, func(o *sts.Options) {
		o.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
			refused++
			body := io.NopCloser(strings.NewReader("<ErrorResponse><Error><Code>ExpiredToken</Code><Message>refused</Message></Error></ErrorResponse>"))
			return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Request: r, Body: body}, nil
		})
	}).GetCallerIdentity(t.Context(), nil)
	var api smithy.APIError
	var own *evercreds.Error
	var source *evercreds.SourceError
	if !errors.As(err, &api) || api.ErrorCode() != "ExpiredToken" || !strings.HasSuffix(err.Error(), "api error ExpiredToken: refused") {
		t.Errorf("got %v", err)
	}
	if !errors.As(err, &own) || !errors.As(err, &source) || source.Code != "AccessDenied" || refused != 1 {
		t.Errorf("after %d calls: %v, %v", refused, own, source)
	}
	held, _ := s.Retrieve(t.Context())
	for _, path := range leaks.Find(leaks.Secrets{"secret key": held.SecretAccessKey}).Reached(err) {
		if !strings.Contains(path, ".Request.ctx.") || !strings.Contains(path, ".value.Credentials.") { // where the SDK itself has it
			t.Errorf("the error leads to %s", path)
		}
	}
}

// service rejects for A, who has no time left: the service's own error, at once.
func TestAReporterWithoutTime(t *testing.T) {
	t.Parallel()
	standIn, cfg := startStandIn(t, 0)
	s := newSTS(t, cfg)
	if _, err := s.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	inject(t, standIn, awstest.Fault{Kind: awstest.KindHang, Action: awstest.ActionAssumeRole})
	address, _ := sickEndpoint(t, "ExpiredToken")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	start := time.Now()
	_, err := client(t, s, at(address)).GetCallerIdentity(ctx, nil)
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "ExpiredToken" || time.Since(start) > time.Minute {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
}

// service rejects a revoked set for fifty callers; the source is down for five seconds:
// they wait, and all are served.
func TestReportersWaitForASourceThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, begun := &vault{}, time.Now()
		v.fetch = func(context.Context, *evercreds.Flight) (evercreds.Result, error) {
			if at := time.Since(begun); at >= 20*time.Minute && at < 20*time.Minute+5*time.Second {
				return evercreds.Result{}, errors.New("outage")
			}
			return v.set(v.calls.Load(), time.Now()), nil
		}
		s := open(t, v)
		defer s.Close()
		wantKey(t, s, 1, 0)
		held, _ := s.Retrieve(t.Context())
		time.Sleep(20 * time.Minute)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				c, err := s.Credentials(t.Context(), evercreds.OtherThan(held))
				if err != nil || c.AccessKeyID == held.AccessKeyID {
					t.Errorf("got %s, %v", c.AccessKeyID, err)
				}
			})
		}
		all.Wait()
		if n := v.calls.Load(); n < 3 || n > 12 {
			t.Errorf("%d attempts", n)
		}
	})
}
