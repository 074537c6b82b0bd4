package awstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	algorithm       = "AWS4-HMAC-SHA256"
	amzDateFormat   = "20060102T150405Z"
	unsignedPayload = "UNSIGNED-PAYLOAD"
	dateHeader      = "X-Amz-Date"
	tokenHeader     = "X-Amz-Security-Token"
	payloadHeader   = "X-Amz-Content-Sha256"
	maxSkew         = 5 * time.Minute
)

// authorization is a parsed Authorization header.
type authorization struct {
	accessKeyID, date, region, service string
	signedHeaders                      []string // lower case, sorted
	signature                          string
}

var errAuthorization = errors.New("not a Signature Version 4 header")

func parseAuthorization(header string) (authorization, error) {
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return authorization{}, errAuthorization
	}
	fields := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, twice := fields[name]; !ok || twice {
			return authorization{}, errAuthorization
		}
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(fields) != 3 || len(scope) != 5 || scope[4] != "aws4_request" {
		return authorization{}, errAuthorization
	}
	a := authorization{
		accessKeyID: scope[0], date: scope[1], region: scope[2], service: scope[3],
		signedHeaders: strings.Split(fields["SignedHeaders"], ";"),
		signature:     fields["Signature"],
	}
	if !slices.IsSorted(a.signedHeaders) || !a.signs("host") || a.signature == "" {
		return authorization{}, errAuthorization
	}
	return a, nil
}

func (a *authorization) signs(header string) bool {
	return slices.Contains(a.signedHeaders, strings.ToLower(header))
}

// authenticate finds out who signed a call. The order is AWS's: what the header
// says, the clock, the key and its token, the signature, and only for a caller
// that proved itself, whether its set is still good.
func (s *Server) authenticate(c *call, service string) (issued, reason) {
	if c.r.Header.Get("Authorization") == "" {
		return issued{}, reasonUnsigned
	}
	auth, err := parseAuthorization(c.r.Header.Get("Authorization"))
	if err != nil {
		return issued{}, reasonMalformedSignature
	}
	signedAt, err := time.Parse(amzDateFormat, c.r.Header.Get(dateHeader))
	if err != nil || signedAt.Format("20060102") != auth.date {
		return issued{}, reasonMalformedSignature
	}
	if auth.region != s.cfg.Region || auth.service != service {
		return issued{}, reasonScope
	}
	if skew := c.at.Sub(signedAt); skew.Abs() > maxSkew {
		return issued{}, reasonSkew
	}
	set, known := s.vault.find(auth.accessKeyID)
	if !known {
		return issued{}, reasonUnknownKey
	}
	if !hmac.Equal([]byte(c.r.Header.Get(tokenHeader)), []byte(set.SessionToken)) {
		return issued{}, reasonBadToken
	}
	if why := s.checkSignature(c, &auth, set.Credentials, signedAt); why != reasonNone {
		return issued{}, why
	}
	if set.ended(c.at) {
		return issued{}, reasonEnded
	}
	return set, reasonNone
}

// checkSignature signs the call again with what the vault knows and compares.
func (s *Server) checkSignature(c *call, auth *authorization, creds aws.Credentials, signedAt time.Time) reason {
	for name := range c.r.Header {
		if strings.HasPrefix(name, "X-Amz-") && !auth.signs(name) {
			return reasonUnsignedHeader
		}
	}
	sum := sha256.Sum256(c.body)
	actual := hex.EncodeToString(sum[:])
	hash := c.r.Header.Get(payloadHeader)
	if hash == "" {
		if auth.service == "s3" {
			return reasonNoPayloadHash
		}
		hash = actual
	}
	again := c.rebuild(auth)
	err := s.signer.SignHTTP(c.r.Context(), creds, again, hash, auth.service, auth.region, signedAt,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping = auth.service == "s3" })
	if err != nil {
		return reasonBadSignature
	}
	expected, err := parseAuthorization(again.Header.Get("Authorization"))
	// The list of signed headers is itself signed, so that a named header that
	// did not arrive shows here too.
	if err != nil || !hmac.Equal([]byte(expected.signature), []byte(auth.signature)) {
		return reasonBadSignature
	}
	if hash != actual && !c.loose && (hash != unsignedPayload || auth.service != "s3" || c.r.TLS == nil) {
		return reasonPayload
	}
	return reasonNone
}

// rebuild makes the request as its signer saw it: the signed headers alone, and
// without those that the signer adds by itself.
func (c *call) rebuild(auth *authorization) *http.Request {
	again := &http.Request{
		Method: c.r.Method,
		URL:    &url.URL{Path: c.r.URL.Path, RawPath: c.r.URL.RawPath, RawQuery: c.r.URL.RawQuery},
		Host:   c.r.Host,
		Header: http.Header{},
	}
	if auth.signs("content-length") {
		again.ContentLength = int64(len(c.body))
	}
	for _, name := range auth.signedHeaders {
		canonical := http.CanonicalHeaderKey(name)
		switch canonical {
		case "Host", "Content-Length", dateHeader, tokenHeader:
			continue
		}
		if values := c.r.Header.Values(canonical); len(values) > 0 {
			again.Header[canonical] = values
		}
	}
	return again
}
