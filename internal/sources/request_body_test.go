package sources_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/evercreds/evercreds/internal/sources"
)

// net/http may look for the rest of a request's body after its reply has come. It finds
// none, rather than an error for which it would close the connection.
func TestRequestBodyEndsWithoutErrorAfterTheReply(t *testing.T) {
	var body io.ReadCloser
	s := newSTS(t, aws.Config{
		Region:      "us-east-1",
		Credentials: static(aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "secret"}),
		HTTPClient: smithyhttp.ClientDoFunc(func(r *http.Request) (*http.Response, error) {
			body = r.Body
			if sent, err := io.Copy(io.Discard, io.LimitReader(body, r.ContentLength)); err != nil || sent != r.ContentLength {
				t.Errorf("%d of %d bytes were sent: %v", sent, r.ContentLength, err)
			}
			return &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(""))}, nil
		}),
	}, sources.AssumeRole{RoleARN: roleARN})
	if _, err := s.Fetch(t.Context(), flight); err == nil {
		t.Fatal("an empty reply was taken")
	}
	if rest, err := io.Copy(io.Discard, body); rest != 0 || err != nil {
		t.Errorf("what is left after the reply: %d bytes, %v", rest, err)
	}
}
