package awstest

import (
	"crypto/hmac"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Signer is who signed a call that Verify found good.
type Signer struct {
	AccessKeyID string
	Source      string // the role ARN or alias that issued the set; "" for the base user
	Service     string // that the signature is for
}

// Verify checks the signature of a call to any service, in its headers or in its query,
// by the sets that this stand-in issued, for a server that serves what the stand-in does
// not. It is as strict as the stand-in itself, but for bodies that are not signed, and
// those in signed chunks, of which it checks the first signature alone.
func (s *Server) Verify(r *http.Request, body []byte) (Signer, error) {
	c := &call{r: r, body: body, at: s.Now(), dialect: s3Dialect}
	if r.Header.Get("Authorization") == "" && r.URL.Query().Has("X-Amz-Signature") {
		return s.verifyPresigned(c)
	}
	auth, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return Signer{}, err
	}
	hash := r.Header.Get(payloadHeader)
	c.loose = hash == unsignedPayload || strings.HasPrefix(hash, "STREAMING-")
	set, why := s.authenticate(c, auth.service)
	if why != reasonNone {
		return Signer{}, errors.New(s3Errors[why].code + ": " + s3Errors[why].message)
	}
	return Signer{AccessKeyID: set.AccessKeyID, Source: set.source, Service: auth.service}, nil
}

// verifyPresigned signs the query again with what the vault knows and compares.
func (s *Server) verifyPresigned(c *call) (Signer, error) {
	query := c.r.URL.Query()
	scope := strings.Split(query.Get("X-Amz-Credential"), "/")
	signedAt, err := time.Parse(amzDateFormat, query.Get(dateHeader))
	seconds, notSeconds := strconv.Atoi(query.Get("X-Amz-Expires"))
	if len(scope) != 5 || err != nil || notSeconds != nil {
		return Signer{}, errors.New("AuthorizationQueryParametersError: the query is not a signed one")
	}
	set, known := s.vault.find(scope[0])
	if !known || !hmac.Equal([]byte(query.Get(tokenHeader)), []byte(set.SessionToken)) {
		return Signer{}, errors.New("InvalidToken: unknown access key, or not its token")
	}
	signature := query.Get("X-Amz-Signature")
	for _, name := range []string{"X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential", dateHeader, tokenHeader, "X-Amz-SignedHeaders"} {
		query.Del(name)
	}
	auth := authorization{signedHeaders: strings.Split(c.r.URL.Query().Get("X-Amz-SignedHeaders"), ";")}
	again := c.rebuild(&auth)
	again.URL.RawQuery = query.Encode()
	signed, _, err := s.signer.PresignHTTP(c.r.Context(), set.Credentials, again, unsignedPayload, scope[3], scope[2], signedAt,
		func(o *v4.SignerOptions) { o.DisableURIPathEscaping, o.DisableHeaderHoisting = scope[3] == "s3", true })
	if err != nil {
		return Signer{}, err
	}
	expected, err := url.Parse(signed)
	if err != nil || !hmac.Equal([]byte(expected.Query().Get("X-Amz-Signature")), []byte(signature)) {
		return Signer{}, errors.New("SignatureDoesNotMatch: the signature in the query is wrong")
	}
	if set.ended(c.at) || c.at.After(signedAt.Add(time.Duration(seconds)*time.Second)) {
		return Signer{}, errors.New("ExpiredToken: the set or the query has expired")
	}
	return Signer{AccessKeyID: set.AccessKeyID, Source: set.source, Service: scope[3]}, nil
}
