package awstest

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"github.com/evercreds/evercreds/internal/sources"
)

const role = "arn:aws:iam::210987654321:role/team/reader"

// handClock is a clock that tests move by hand. It begins at a whole second
// near the real time, because clients sign with the real one.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func start(t *testing.T, cfg Config) (*Server, *handClock) {
	t.Helper()
	clock := &handClock{now: time.Now().Truncate(time.Second)}
	cfg.Clock = clock.Now
	s := New(cfg)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s, clock
}

func fixed(c aws.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil })
}

// stsClient is the real SDK client, without retries, so that one call here is
// one call there.
func stsClient(s *Server, creds aws.Credentials) *sts.Client {
	return sts.New(sts.Options{
		Region:       s.cfg.Region,
		BaseEndpoint: aws.String(s.URL),
		Credentials:  fixed(creds),
		Retryer:      aws.NopRetryer{},
		APIOptions:   []func(*middleware.Stack) error{sources.KeepReplies},
	})
}

func assumeInput(roleARN string) *sts.AssumeRoleInput {
	return &sts.AssumeRoleInput{RoleArn: aws.String(roleARN), RoleSessionName: aws.String("tester")}
}

func assume(t *testing.T, s *Server, roleARN string) aws.Credentials {
	t.Helper()
	out, err := stsClient(s, s.Base).AssumeRole(t.Context(), assumeInput(roleARN))
	if err != nil {
		t.Fatalf("AssumeRole: %v", err)
	}
	return credentialsOf(out)
}

func credentialsOf(out *sts.AssumeRoleOutput) aws.Credentials {
	return aws.Credentials{
		AccessKeyID:     aws.ToString(out.Credentials.AccessKeyId),
		SecretAccessKey: aws.ToString(out.Credentials.SecretAccessKey),
		SessionToken:    aws.ToString(out.Credentials.SessionToken),
		Expires:         aws.ToTime(out.Credentials.Expiration),
		CanExpire:       true,
	}
}

// wantCode checks the error code that the SDK made of a reply.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		t.Fatalf("got %v, want an API error %s", err, code)
	}
	if api.ErrorCode() != code {
		t.Errorf("got code %s (%s), want %s", api.ErrorCode(), api.ErrorMessage(), code)
	}
}

// signed is a ListBuckets call, with what tests may spoil.
type signed struct {
	method, url, region, service string
	body                         string
	header                       http.Header
	at                           time.Time
	payload                      string // the hash to claim; "": the right one
}

func (s *Server) listBucketsCall(endpoint string) signed {
	return signed{method: "GET", url: endpoint + "/", region: s.cfg.Region, service: "s3", header: http.Header{}, at: s.cfg.Clock()}
}

func (c signed) request(t *testing.T, creds aws.Credentials) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), c.method, c.url, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range c.header {
		r.Header[name] = values
	}
	hash := c.payload
	if hash == "" {
		sum := sha256.Sum256([]byte(c.body))
		hash = hex.EncodeToString(sum[:])
	}
	if c.service == "s3" {
		r.Header.Set("X-Amz-Content-Sha256", hash)
	}
	err = v4.NewSigner().SignHTTP(t.Context(), creds, r, hash, c.service, c.region, c.at,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = c.service == "s3" })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

type answer struct {
	status int
	header http.Header
	body   string
}

func send(t *testing.T, client *http.Client, r *http.Request) answer {
	t.Helper()
	response, err := client.Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// plainClient opens a connection for every call, so that no test meets the
// leftovers of another.
func plainClient() *http.Client {
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
}

// deviceClient reaches the stand-in's https listener whatever name the address
// has, as a device with the given certificates.
func deviceClient(t *testing.T, s *Server, version uint16, certs ...ClientCert) *http.Client {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CAPEM) {
		t.Fatal("CAPEM holds no certificate")
	}
	cfg := &tls.Config{RootCAs: pool, MinVersion: version, MaxVersion: version}
	for _, c := range certs {
		pair, err := tls.X509KeyPair(c.CertPEM, c.KeyPEM)
		if err != nil {
			t.Fatal(err)
		}
		// Sent even to a server whose list of authorities does not hold its own.
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	address := s.TLSURL[len("https://"):]
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		TLSClientConfig:   cfg,
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
}

// stsCall is a signed STS call with a form of one's own.
func (s *Server) stsCall(form string) signed {
	return signed{
		method: "POST", url: s.URL + "/", region: s.cfg.Region, service: "sts", body: form, at: s.cfg.Clock(),
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
	}
}
