//go:build go1.25

package awstest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func inject(t *testing.T, s *Server, faults ...Fault) {
	t.Helper()
	for _, f := range faults {
		if err := s.Inject(f); err != nil {
			t.Fatal(err)
		}
	}
}

func tryAssume(t *testing.T, s *Server, roleARN string) error {
	t.Helper()
	_, err := stsClient(s, s.Base).AssumeRole(t.Context(), assumeInput(roleARN))
	return err
}

// Every kind that answers an error, in the words of each of the services.
func TestRefusingFaults(t *testing.T) {
	for _, tc := range []struct {
		fault   Fault
		sts, s3 string
		iot     int
	}{
		{Fault{Kind: KindHTTP}, "503 ServiceUnavailable", "503 ServiceUnavailable", 503},
		{Fault{Kind: KindHTTP, Status: 500}, "500 InternalFailure", "500 InternalError", 500},
		{Fault{Kind: KindThrottling}, "400 Throttling", "503 SlowDown", 429},
		{Fault{Kind: KindThrottling, RetryAfterS: 7}, "400 Throttling", "503 SlowDown", 429},
		{Fault{Kind: KindAccessDenied}, "403 AccessDenied", "403 AccessDenied", 403},
		{Fault{Kind: KindError, Code: "RegionDisabledException", Status: 403}, "403 RegionDisabledException", "403 RegionDisabledException", 403},
		{Fault{Kind: KindError, Code: "Odd", Message: "Strange <things>."}, "400 Odd", "400 Odd", 400},
	} {
		t.Run(string(tc.fault.Kind)+" "+tc.sts, func(t *testing.T) {
			s, _ := start(t, Config{})
			inject(t, s, tc.fault)
			viaSTS := send(t, plainClient(), s.stsCall("Action=GetCallerIdentity&Version=2011-06-15").request(t, s.Base))
			viaS3 := send(t, plainClient(), s.listBucketsCall(s.URL).request(t, s.Base))
			viaIoT := send(t, deviceClient(t, s, 0, s.ClientEC), iotRequest(t, s.TLSURL+aliasPath))
			if viaSTS.summary() != tc.sts || viaS3.summary() != tc.s3 || viaIoT.status != tc.iot {
				t.Errorf("STS %s, S3 %s, IoT %d", viaSTS.summary(), viaS3.summary(), viaIoT.status)
			}
			retry := ""
			if tc.fault.RetryAfterS == 7 {
				retry = "7"
			}
			for _, a := range []answer{viaSTS, viaS3, viaIoT} {
				if got := a.header.Get("Retry-After"); got != retry {
					t.Errorf("Retry-After %q, want %q", got, retry)
				}
				if _, err := http.ParseTime(a.header.Get("Date")); err != nil {
					t.Error(err)
				}
			}
			if !json.Valid([]byte(viaIoT.body)) {
				t.Error(viaIoT.body)
			}
			if tc.fault.Message != "" && !strings.Contains(viaSTS.body, "Strange &lt;things&gt;.") {
				t.Error(viaSTS.body)
			}
		})
	}
}

func TestBadSignaturesPrecedeFaults(t *testing.T) {
	s, _ := start(t, Config{})
	inject(t, s, Fault{Kind: KindThrottling, Count: 1})
	bad := s.Base
	bad.SecretAccessKey += "x"
	_, err := stsClient(s, bad).AssumeRole(t.Context(), assumeInput(role))
	wantCode(t, err, "SignatureDoesNotMatch")
	wantCode(t, tryAssume(t, s, role), "Throttling")
	if err := tryAssume(t, s, role); err != nil {
		t.Errorf("the fault was for one call: %v", err)
	}
}

// Replies that the SDK takes, but that are of no use, or that it cannot read.
func TestSpoiledReplies(t *testing.T) {
	s, clock := start(t, Config{})
	device := deviceClient(t, s, 0, s.ClientEC)
	for _, tc := range []struct {
		name  string
		fault Fault
		check func(t *testing.T, out *sts.AssumeRoleOutput, err error)
		iot   string // a pattern that the reply does not match
		code  string
	}{
		{"truncated", Fault{Kind: KindTruncated}, func(t *testing.T, _ *sts.AssumeRoleOutput, err error) {
			if err == nil {
				t.Error("the SDK read half a reply")
			}
		}, `"expiration"`, "MalformedReply"},
		{"missing token", Fault{Kind: KindMissingField}, func(t *testing.T, out *sts.AssumeRoleOutput, err error) {
			if err != nil || out.Credentials.SessionToken != nil || out.Credentials.AccessKeyId == nil {
				t.Error(err)
			}
		}, `"sessionToken"`, "MalformedReply"},
		{"missing expiration", Fault{Kind: KindMissingField, Field: "Expiration"}, func(t *testing.T, out *sts.AssumeRoleOutput, err error) {
			if err != nil || out.Credentials.Expiration != nil {
				t.Error(err)
			}
		}, `"expiration"`, "MalformedReply"},
		{"bad expiration", Fault{Kind: KindBadExpiration, Expiration: "2026-01-01 noon"}, func(t *testing.T, _ *sts.AssumeRoleOutput, err error) {
			if err == nil {
				t.Error("the SDK read the instant")
			}
		}, `:\d\dZ"`, "MalformedReply"},
		{"expired", Fault{Kind: KindExpired, OffsetMs: 5000}, func(t *testing.T, out *sts.AssumeRoleOutput, err error) {
			if err != nil {
				t.Fatal(err)
			}
			creds := credentialsOf(out)
			if ago := clock.Now().Sub(creds.Expires); ago != 5*time.Second {
				t.Errorf("ended %v ago", ago)
			}
			_, err = stsClient(s, creds).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
			wantCode(t, err, "ExpiredToken")
		}, "\x00", "ExpiredReply"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s.Reset()
			f := tc.fault
			f.Role, f.Count = role, 1
			g := tc.fault
			g.Alias, g.Count = DefaultAlias, 1
			inject(t, s, f, g)
			out, err := stsClient(s, s.Base).AssumeRole(t.Context(), assumeInput(role))
			tc.check(t, out, err)
			got := send(t, device, iotRequest(t, s.TLSURL+aliasPath))
			if got.status != 200 || regexp.MustCompile(tc.iot).MatchString(got.body) {
				t.Errorf("IoT: %d", got.status)
			}
			counts := s.Counts()
			if n := counts.Errors[tc.code]; n < 2 || counts.Roles[role].Failures != 1 || len(counts.Roles[role].Issued) != 0 {
				t.Errorf("counts %+v", counts)
			}
			if err := tryAssume(t, s, role); err != nil {
				t.Errorf("the call after: %v", err)
			}
		})
	}
}

func TestReset(t *testing.T) {
	s, _ := start(t, Config{})
	inject(t, s, Fault{Kind: KindReset})
	if err := tryAssume(t, s, role); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("over http: %v", err)
	}
	_, err := deviceClient(t, s, 0, s.ClientEC).Do(iotRequest(t, s.TLSURL+aliasPath))
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("over https: %v", err)
	}
	if n := s.Counts().Errors["ConnectionReset"]; n != 2 {
		t.Errorf("%d counted", n)
	}
}

func TestHangEndsWithTheClientAndWithTheServer(t *testing.T) {
	s, _ := start(t, Config{})
	inject(t, s, Fault{Kind: KindHang, Action: ActionAssumeRole})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	call := func(ctx context.Context) {
		_, err := stsClient(s, s.Base).AssumeRole(ctx, assumeInput(role))
		ended <- err
	}
	go call(ctx)
	go call(t.Context())
	until(t, func() bool { return s.Counts().Errors["Hang"] == 2 })
	select {
	case err := <-ended:
		t.Fatalf("a call was answered: %v", err)
	default:
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("Close answered the call")
	}
}

// until waits for a condition that another goroutine brings about.
func until(t *testing.T, met func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !met(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the condition was not met in 10 s")
		}
	}
}

func TestLatency(t *testing.T) {
	s, _ := start(t, Config{})
	inject(t, s, Fault{Kind: KindLatency, LatencyMs: 30}, Fault{Kind: KindAccessDenied, LatencyMs: 20})
	begun := time.Now()
	wantCode(t, tryAssume(t, s, role), "AccessDenied")
	if took := time.Since(begun); took < 50*time.Millisecond {
		t.Errorf("took %v, both latencies are 50 ms", took)
	}
}

// The wait itself, on virtual time.
func TestPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := &call{r: (&http.Request{}).WithContext(ctx)}
		begun := time.Now()
		if !c.pause(time.Hour) || time.Since(begun) != time.Hour {
			t.Errorf("waited %v", time.Since(begun))
		}
		time.AfterFunc(time.Minute, cancel)
		if c.pause(-1) || time.Since(begun) != time.Hour+time.Minute {
			t.Error("the client left, and the pause went on")
		}
	})
}

func TestClockOffsetFault(t *testing.T) {
	s, clock := start(t, Config{})
	inject(t, s, Fault{Kind: KindClockOffset, OffsetMs: -90_000, Count: 1})
	r := s.stsCall("Action=AssumeRole&Version=2011-06-15&RoleSessionName=me&RoleArn="+role).request(t, s.Base)
	got := send(t, plainClient(), r)
	want := clock.Now().Add(-90 * time.Second).UTC()
	if got.header.Get("Date") != want.Format(http.TimeFormat) {
		t.Errorf("Date %s", got.header.Get("Date"))
	}
	if !strings.Contains(got.body, "<Expiration>"+want.Add(time.Hour).Format(time.RFC3339)+"</Expiration>") {
		t.Error("Expiration is not shifted")
	}
	issued := s.Counts().Roles[role].Issued
	if end := time.UnixMilli(issued[0].ExpiresMs); !end.Equal(clock.Now().Add(time.Hour)) {
		t.Errorf("the set ends at %v", end)
	}
}

func TestServerClockOffset(t *testing.T) {
	s, clock := start(t, Config{ClockOffset: 2 * time.Minute})
	if got := assume(t, s, role).Expires; !got.Equal(clock.Now().Add(time.Hour + 2*time.Minute)) {
		t.Errorf("Expiration %v", got)
	}
	if err := s.SetClockOffset(-10 * time.Minute); err != nil {
		t.Fatal(err)
	}
	got := send(t, plainClient(), s.listBucketsCall(s.URL).request(t, s.Base))
	if want := clock.Now().Add(-10 * time.Minute).UTC().Format(http.TimeFormat); got.summary() != "403 RequestTimeTooSkewed" || got.header.Get("Date") != want {
		t.Errorf("%s at %s, want %s", got.summary(), got.header.Get("Date"), want)
	}
	s.Reset()
	if got := s.Now().Sub(clock.Now()); got != 2*time.Minute {
		t.Errorf("Reset leaves %v", got)
	}
	if err := s.SetClockOffset(400 * 24 * time.Hour); err == nil {
		t.Error("more than a year was accepted")
	}
}

func TestFixed(t *testing.T) {
	s, clock := start(t, Config{Lifetime: 10 * time.Second})
	inject(t, s, Fault{Kind: KindFixed, Role: role})
	first := assume(t, s, role)
	clock.advance(4 * time.Second)
	if again := assume(t, s, role); again != first {
		t.Errorf("another set, that ends at %v", again.Expires)
	}
	counts := s.Counts().Roles[role]
	if counts.Successes != 2 || len(counts.Issued) != 1 {
		t.Errorf("%+v", counts)
	}
	s.ClearFaults()
	if assume(t, s, role).AccessKeyID == first.AccessKeyID {
		t.Error("the fault was cleared, and the set did not change")
	}
}
