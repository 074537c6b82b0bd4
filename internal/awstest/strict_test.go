package awstest

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// spoiled is one way to get a signed call wrong.
type spoiled struct {
	name   string
	creds  func(s *Server, good aws.Credentials) aws.Credentials
	before func(*signed)       // before it is signed
	after  func(*http.Request) // after
	s3     string              // "STATUS CODE"
	sts    string
}

var spoilings = []spoiled{
	{name: "no signature", after: func(r *http.Request) { r.Header.Del("Authorization") },
		s3: "403 AccessDenied", sts: "403 MissingAuthenticationToken"},
	{name: "not version 4", after: func(r *http.Request) { r.Header.Set("Authorization", "AWS key:signature") },
		s3: "400 AuthorizationHeaderMalformed", sts: "400 IncompleteSignature"},
	{name: "no date", after: func(r *http.Request) { r.Header.Del("X-Amz-Date") },
		s3: "400 AuthorizationHeaderMalformed", sts: "400 IncompleteSignature"},
	{name: "scope of another day", after: func(r *http.Request) {
		h := r.Header.Get("Authorization")
		i := strings.Index(h, "/20") + 1
		r.Header.Set("Authorization", h[:i]+"20010101"+h[i+8:])
	}, s3: "400 AuthorizationHeaderMalformed", sts: "400 IncompleteSignature"},
	{name: "tampered signature", after: tamper,
		s3: "403 SignatureDoesNotMatch", sts: "403 SignatureDoesNotMatch"},
	{name: "tampered header", before: func(c *signed) { c.header.Set("X-Note", "one") }, after: func(r *http.Request) { r.Header.Set("X-Note", "two") },
		s3: "403 SignatureDoesNotMatch", sts: "403 SignatureDoesNotMatch"},
	{name: "signed header gone", before: func(c *signed) { c.header.Set("X-Note", "one") }, after: func(r *http.Request) { r.Header.Del("X-Note") },
		s3: "403 SignatureDoesNotMatch", sts: "403 SignatureDoesNotMatch"},
	{name: "amz header not signed", after: func(r *http.Request) { r.Header.Set("X-Amz-Meta-Note", "x") },
		s3: "403 AccessDenied", sts: "403 SignatureDoesNotMatch"},
	{name: "wrong host", after: func(r *http.Request) { r.Host = "elsewhere.test" },
		s3: "403 SignatureDoesNotMatch", sts: "403 SignatureDoesNotMatch"},
	{name: "wrong region", before: func(c *signed) { c.region = "eu-west-1" },
		s3: "400 AuthorizationHeaderMalformed", sts: "403 SignatureDoesNotMatch"},
	{name: "signed 301 s ago", before: func(c *signed) { c.at = c.at.Add(-301 * time.Second) },
		s3: "403 RequestTimeTooSkewed", sts: "403 SignatureDoesNotMatch"},
	{name: "signed 301 s ahead", before: func(c *signed) { c.at = c.at.Add(301 * time.Second) },
		s3: "403 RequestTimeTooSkewed", sts: "403 SignatureDoesNotMatch"},
	{name: "unknown key", creds: func(_ *Server, good aws.Credentials) aws.Credentials {
		good.AccessKeyID = "ASIAAAAAAAAAAAAAAAAA"
		return good
	}, s3: "403 InvalidAccessKeyId", sts: "403 InvalidClientTokenId"},
	{name: "wrong secret", creds: func(s *Server, good aws.Credentials) aws.Credentials {
		good.SecretAccessKey = s.Base.SecretAccessKey
		return good
	}, s3: "403 SignatureDoesNotMatch", sts: "403 SignatureDoesNotMatch"},
	{name: "no token", creds: func(_ *Server, good aws.Credentials) aws.Credentials {
		good.SessionToken = ""
		return good
	}, s3: "400 InvalidToken", sts: "403 InvalidClientTokenId"},
	{name: "token of another set", creds: func(s *Server, good aws.Credentials) aws.Credentials {
		good.SessionToken = s.vault.issue(assumed(role, "other", role), s.Now().Add(time.Hour)).SessionToken
		return good
	}, s3: "400 InvalidToken", sts: "403 InvalidClientTokenId"},
	{name: "base key with a token", creds: func(s *Server, good aws.Credentials) aws.Credentials {
		return aws.Credentials{AccessKeyID: s.Base.AccessKeyID, SecretAccessKey: s.Base.SecretAccessKey, SessionToken: good.SessionToken}
	}, s3: "400 InvalidToken", sts: "403 InvalidClientTokenId"},
	{name: "revoked", creds: func(s *Server, good aws.Credentials) aws.Credentials {
		if err := s.Revoke(good.AccessKeyID); err != nil {
			panic(err)
		}
		return good
	}, s3: "400 ExpiredToken", sts: "403 ExpiredToken"},
}

// tamper changes one hexadecimal digit of the signature.
func tamper(r *http.Request) {
	h := r.Header.Get("Authorization")
	last := "0"
	if strings.HasSuffix(h, "0") {
		last = "1"
	}
	r.Header.Set("Authorization", h[:len(h)-1]+last)
}

func TestStrictness(t *testing.T) {
	for _, tc := range spoilings {
		t.Run(tc.name, func(t *testing.T) {
			s, _ := start(t, Config{})
			list := s.listBucketsCall(s.URL)
			identity := s.stsCall("Action=GetCallerIdentity&Version=2011-06-15")
			for want, c := range map[string]*signed{"s3 " + tc.s3: &list, "sts " + tc.sts: &identity} {
				good := assume(t, s, role)
				if got := send(t, plainClient(), c.request(t, good)); got.status != 200 {
					t.Fatalf("unspoiled: %d %s", got.status, got.body)
				}
				if tc.creds != nil {
					good = tc.creds(s, good)
				}
				if tc.before != nil {
					tc.before(c)
				}
				r := c.request(t, good)
				if tc.after != nil {
					tc.after(r)
				}
				got := send(t, plainClient(), r)
				if is := strings.Fields(want)[0] + " " + got.summary(); is != want {
					t.Errorf("got %s, want %s", is, want)
				}
			}
		})
	}
}

// summary is the status and the code in an XML error.
func (a answer) summary() string {
	_, rest, _ := strings.Cut(a.body, "<Code>")
	code, _, _ := strings.Cut(rest, "</Code>")
	return strconv.Itoa(a.status) + " " + code
}

func TestTamperedBody(t *testing.T) {
	s, _ := start(t, Config{})
	const form = "Action=GetCallerIdentity&Version=2011-06-15"
	r := s.stsCall(form).request(t, s.Base)
	r.Body = io.NopCloser(strings.NewReader(strings.Replace(form, "2011", "2012", 1)))
	if got := send(t, plainClient(), r); got.summary() != "403 SignatureDoesNotMatch" {
		t.Errorf("%d %s", got.status, got.body)
	}

	// The hash in the header is signed, so a body that differs shows only when
	// it is compared with the hash.
	c := s.listBucketsCall(s.URL)
	c.body, c.payload = "surplus", strings.Repeat("0", 64)
	if got := send(t, plainClient(), c.request(t, s.Base)); got.summary() != "400 XAmzContentSHA256Mismatch" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestPayloadHashHeader(t *testing.T) {
	s, _ := start(t, Config{})
	c := s.listBucketsCall(s.URL)
	c.payload = "UNSIGNED-PAYLOAD"
	if got := send(t, plainClient(), c.request(t, s.Base)); got.summary() != "400 XAmzContentSHA256Mismatch" {
		t.Errorf("unsigned payload over http: %d %s", got.status, got.body)
	}
	c = s.listBucketsCall(s.TLSURL)
	c.payload = "UNSIGNED-PAYLOAD"
	if got := send(t, deviceClient(t, s, 0), c.request(t, s.Base)); got.status != 200 {
		t.Errorf("unsigned payload over https: %d %s", got.status, got.body)
	}
	c = s.listBucketsCall(s.URL)
	r := c.request(t, s.Base)
	r.Header.Del("X-Amz-Content-Sha256")
	if got := send(t, plainClient(), r); got.summary() != "400 InvalidRequest" {
		t.Errorf("no hash: %d %s", got.status, got.body)
	}
}

func TestExpiryIsExact(t *testing.T) {
	s, clock := start(t, Config{Lifetime: 2 * time.Second})
	creds := assume(t, s, role)
	use := func() (string, error) {
		_, err := stsClient(s, creds).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		return send(t, plainClient(), s.listBucketsCall(s.URL).request(t, creds)).summary(), err
	}
	clock.advance(2*time.Second - time.Nanosecond)
	if got, err := use(); err != nil || got != "200 " {
		t.Fatalf("a nanosecond before the end: %s, %v", got, err)
	}
	clock.advance(time.Nanosecond)
	got, err := use()
	if got != "400 ExpiredToken" {
		t.Errorf("at the end: %s", got)
	}
	wantCode(t, err, "ExpiredToken")
	_, err = stsClient(s, creds).AssumeRole(t.Context(), assumeInput(role))
	wantCode(t, err, "ExpiredToken")
}

func TestListBuckets(t *testing.T) {
	s, _ := start(t, Config{})
	c := s.listBucketsCall(s.URL)
	c.url += "?x-id=ListBuckets"
	got := send(t, plainClient(), c.request(t, assume(t, s, role)))
	if got.status != 200 || !strings.Contains(got.body, "<Buckets><Bucket><Name>stand-in-first</Name>") {
		t.Errorf("%d %s", got.status, got.body)
	}
	for _, tc := range []struct{ method, path, want string }{
		{"GET", "/some-bucket", "501 NotImplemented"},
		{"GET", "/?prefix=a", "501 NotImplemented"},
		{"PUT", "/", "405 MethodNotAllowed"},
	} {
		c := s.listBucketsCall(s.URL)
		c.method, c.url = tc.method, s.URL+tc.path
		if got := send(t, plainClient(), c.request(t, s.Base)); got.summary() != tc.want {
			t.Errorf("%s %s: %s", tc.method, tc.path, got.summary())
		}
	}
}

func TestRevokeRefusesUnknownKeys(t *testing.T) {
	s, _ := start(t, Config{})
	for _, key := range []string{"", "ASIAAAAAAAAAAAAAAAAA", s.Base.AccessKeyID} {
		if err := s.Revoke(key); err == nil || !strings.Contains(err.Error(), "access_key_id") {
			t.Errorf("Revoke(%q): %v", key, err)
		}
	}
}
