package awstest

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// s3Call is a signed call of S3 with a method and path of one's own.
func (s *Server) s3Call(method, path string) signed {
	c := s.listBucketsCall(s.URL)
	c.method, c.url = method, s.URL+path
	return c
}

// ec2Call is a signed call of EC2 with a form of one's own.
func (s *Server) ec2Call(form string) signed {
	c := s.stsCall(form)
	c.service = "ec2"
	return c
}

const describeRegions = "Action=DescribeRegions&Version=2016-11-15"

// A reply to HEAD has no body, so that whatever is wrong shows by the status alone.
func TestHeadRepliesHaveOnlyAStatus(t *testing.T) {
	s, _ := start(t, Config{})
	for _, tc := range []struct {
		name, path string
		spoil      func(good aws.Credentials) aws.Credentials
		status     int
	}{
		{"a bucket", "/stand-in-first", nil, 200},
		{"an object", "/stand-in-first/object", nil, 200},
		{"no such bucket", "/elsewhere", nil, 404},
		{"no such object", "/stand-in-first/elsewhere", nil, 404},
		{"a revoked set", "/stand-in-first", func(good aws.Credentials) aws.Credentials {
			if err := s.Revoke(good.AccessKeyID); err != nil {
				t.Fatal(err)
			}
			return good
		}, 400},
		{"a revoked set, an object", "/stand-in-first/object", func(good aws.Credentials) aws.Credentials {
			if err := s.Revoke(good.AccessKeyID); err != nil {
				t.Fatal(err)
			}
			return good
		}, 400},
		{"a token that is none", "/stand-in-first", func(good aws.Credentials) aws.Credentials {
			good.SessionToken = "none"
			return good
		}, 400},
		{"an unknown key", "/stand-in-first", func(good aws.Credentials) aws.Credentials {
			good.AccessKeyID = "ASIAAAAAAAAAAAAAAAAA"
			return good
		}, 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			creds := assume(t, s, role)
			if tc.spoil != nil {
				creds = tc.spoil(creds)
			}
			c := s.s3Call("HEAD", tc.path)
			got := send(t, plainClient(), c.request(t, creds))
			if got.status != tc.status || got.body != "" {
				t.Errorf("HEAD: %d %q, want %d and no body", got.status, got.body, tc.status)
			}
			for name, values := range got.header {
				if strings.Contains(strings.Join(values, " "), "Token") {
					t.Errorf("the header %s tells more than S3's: %q", name, values)
				}
			}
		})
	}
	if n := s.Counts().Actions[ActionHeadObject]; n.Successes != 1 || n.Failures != 2 {
		t.Errorf("HeadObject %+v", n)
	}
}

func TestHeadAndGetOfAnObjectAgree(t *testing.T) {
	s, _ := start(t, Config{})
	head, get := s.s3Call("HEAD", "/stand-in-first/object"), s.s3Call("GET", "/stand-in-first/object")
	h := send(t, plainClient(), head.request(t, s.Base))
	g := send(t, plainClient(), get.request(t, s.Base))
	if n, _ := strconv.Atoi(h.header.Get("Content-Length")); g.status != 200 || n == 0 || n != len(g.body) ||
		h.header.Get("Etag") == "" || h.header.Get("Etag") != g.header.Get("Etag") {
		t.Errorf("HEAD %v; GET %d %v %q", h.header, g.status, g.header, g.body)
	}
	absent := s.s3Call("GET", "/stand-in-first/elsewhere")
	if got := send(t, plainClient(), absent.request(t, s.Base)); got.summary() != "404 NoSuchKey" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// EC2 has words of its own, and the same one for a token and for a clock that are
// past their time.
func TestEC2HasItsOwnErrors(t *testing.T) {
	s, _ := start(t, Config{})
	for _, tc := range []struct {
		name  string
		spoil func(*signed, *aws.Credentials)
		want  string
	}{
		{"good", func(*signed, *aws.Credentials) {}, "200 "},
		{"revoked", func(_ *signed, creds *aws.Credentials) {
			if err := s.Revoke(creds.AccessKeyID); err != nil {
				t.Fatal(err)
			}
		}, "400 RequestExpired"},
		{"signed 301 s ago", func(c *signed, _ *aws.Credentials) { c.at = c.at.Add(-301 * time.Second) }, "400 RequestExpired"},
		{"unknown key", func(_ *signed, creds *aws.Credentials) { creds.AccessKeyID = "ASIAAAAAAAAAAAAAAAAA" }, "401 AuthFailure"},
		{"no token", func(_ *signed, creds *aws.Credentials) { creds.SessionToken = "" }, "401 AuthFailure"},
		{"wrong secret", func(_ *signed, creds *aws.Credentials) { creds.SecretAccessKey = "x" }, "401 AuthFailure"},
		{"another action", func(c *signed, _ *aws.Credentials) { c.body = "Action=RunInstances&Version=2016-11-15" }, "400 InvalidAction"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			creds, c := assume(t, s, role), s.ec2Call(describeRegions)
			tc.spoil(&c, &creds)
			got := send(t, plainClient(), c.request(t, creds))
			if got.summary() != tc.want {
				t.Errorf("%d %s, want %s", got.status, got.body, tc.want)
			}
			if got.status == 200 && !strings.Contains(got.body, "<regionName>us-east-1</regionName>") {
				t.Error(got.body)
			}
		})
	}
	if n := s.Counts().Actions[ActionDescribeRegions]; n.Successes != 1 || n.Attempts != 6 {
		t.Errorf("%+v", n)
	}
}

// An endpoint of a Region that does not take a token refuses every one, and nothing else.
func TestSickEndpointRefusesEveryToken(t *testing.T) {
	s, _ := start(t, Config{})
	list, head, regions := s.s3Call("GET", "/"), s.s3Call("HEAD", "/stand-in-first"), s.ec2Call(describeRegions)
	identity := s.stsCall("Action=GetCallerIdentity&Version=2011-06-15")
	inject(t, s, Fault{Kind: KindTokenRefused})
	for range 2 { // a new set is refused as the first one was
		creds := assume(t, s, role)
		for want, c := range map[string]signed{
			"400 InvalidToken": list, "400 ": head, "401 AuthFailure": regions, "403 InvalidClientTokenId": identity,
		} {
			if got := send(t, plainClient(), c.request(t, creds)); got.summary() != want {
				t.Errorf("%d %s, want %s", got.status, got.body, want)
			}
		}
	}
	if got := send(t, plainClient(), list.request(t, s.Base)); got.status != http.StatusOK {
		t.Errorf("long-term keys have no token: %d %s", got.status, got.body)
	}
	s.ClearFaults()
	inject(t, s, Fault{Kind: KindTokenRefused, Action: ActionListBuckets, Role: role})
	creds, other := assume(t, s, role), assume(t, s, strings.Replace(role, "reader", "writer", 1))
	for want, got := range map[string]answer{
		"400 InvalidToken": send(t, plainClient(), list.request(t, creds)),
		"200 ":             send(t, plainClient(), identity.request(t, creds)),
	} {
		if got.summary() != want {
			t.Errorf("%d %s, want %s", got.status, got.body, want)
		}
	}
	if got := send(t, plainClient(), list.request(t, other)); got.status != http.StatusOK {
		t.Errorf("of another role: %d %s", got.status, got.body)
	}
}

// What no client should read to its end, whatever the status.
func TestOversizedReplies(t *testing.T) {
	for _, status := range []int{0, 403, 503} {
		s, _ := start(t, Config{})
		inject(t, s, Fault{Kind: KindOversized, Status: status, SizeBytes: 3 << 20})
		got := send(t, plainClient(), s.stsCall("Action=AssumeRole&Version=2011-06-15").request(t, s.Base))
		if want := max(status, 200); status == 0 && got.status != 200 || status != 0 && got.status != want || len(got.body) != 3<<20 {
			t.Errorf("status %d: %d, %d bytes", status, got.status, len(got.body))
		}
		if s.Counts().Errors["OversizedReply"] != 1 {
			t.Errorf("%+v", s.Counts().Errors)
		}
	}
}

// x-amz-retry-after is in milliseconds.
func TestAmzRetryAfter(t *testing.T) {
	s, _ := start(t, Config{})
	inject(t, s, Fault{Kind: KindThrottling, AmzRetryAfterMs: 1500, RetryAfterS: 9})
	got := send(t, plainClient(), s.listBucketsCall(s.URL).request(t, s.Base))
	if ms, s := got.header.Get("X-Amz-Retry-After"), got.header.Get("Retry-After"); ms != "1500" || s != "9" {
		t.Errorf("x-amz-retry-after %q, Retry-After %q", ms, s)
	}
}

// A field of the credentials may have any text.
func TestBadFields(t *testing.T) {
	s, _ := start(t, Config{})
	inject(t, s, Fault{Kind: KindBadField, Field: "SecretAccessKey", Value: "two\nlines", Count: 1})
	if got := assume(t, s, role); got.SecretAccessKey != "two\nlines" {
		t.Errorf("%q", got.SecretAccessKey)
	}
	if n := s.Counts().Errors["MalformedReply"]; n != 1 {
		t.Errorf("counted %d times", n)
	}
}
