package sessiontest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/evercreds/evercreds/internal/awstest"
)

// rejecting is an S3 that rejects every set, and remembers what was sent.
type rejecting struct{ bodies, signers []string }

func (r *rejecting) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	r.bodies = append(r.bodies, string(body))
	_, rest, _ := strings.Cut(request.Header.Get("Authorization"), "Credential=")
	signer, _, _ := strings.Cut(rest, "/")
	r.signers = append(r.signers, signer)
	return &http.Response{
		StatusCode: http.StatusBadRequest, Header: http.Header{}, Request: request,
		Body: io.NopCloser(strings.NewReader("<Error><Code>ExpiredToken</Code></Error>")),
	}, nil
}

// A call whose body can be read again is sent again, whole and signed anew; one
// whose body is a stream is not, and the session learns of it all the same.
func TestRejectedCallWithABody(t *testing.T) {
	standIn, cfg := start(t, awstest.Config{})
	for name, c := range map[string]struct {
		body io.Reader
		sent int
	}{
		"text":   {strings.NewReader("some text"), 2},
		"stream": {io.MultiReader(strings.NewReader("some text")), 1},
	} {
		s := assume(t, standIn, cfg)
		service := &rejecting{}
		client := buckets(t, s, func(o *s3.Options) {
			o.HTTPClient, o.BaseEndpoint, o.UsePathStyle = service, aws.String("https://s3.test"), true
			o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		})
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String("b"), Key: aws.String("k"), Body: c.body, ContentLength: aws.Int64(9),
		}, s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "ExpiredToken" {
			t.Errorf("%s: got %v", name, err)
		}
		if len(service.bodies) != c.sent || s.Status().Rejections != 1 { // a call reports once
			t.Errorf("%s: sent %d times, %d rejections", name, len(service.bodies), s.Status().Rejections)
		}
		for i, body := range service.bodies {
			if body != "some text" || i > 0 && service.signers[i] == service.signers[0] {
				t.Errorf("%s: %q, signed by %v", name, body, service.signers)
			}
		}
	}
}
