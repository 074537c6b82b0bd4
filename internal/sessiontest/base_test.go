package sessiontest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/evercreds/evercreds"
)

// caller A asks; the metadata service of EC2, the last link of the SDK's default chain,
// fails: that may pass. It has no role, or there is no such service: that does not.
func TestAMetadataServiceThatFails(t *testing.T) {
	withoutCredentials(t)
	var all sync.WaitGroup
	for name, c := range map[string]struct {
		token, role int // statuses; 0: nobody answers
		attempts    int // that the SDK makes; 0: its default, which the time for them ends
		want        evercreds.Class
	}{
		"unavailable":   {http.StatusServiceUnavailable, http.StatusServiceUnavailable, 0, evercreds.Recoverable},
		"broken":        {http.StatusOK, http.StatusInternalServerError, 1, evercreds.Recoverable},
		"throttles":     {http.StatusOK, http.StatusTooManyRequests, 1, evercreds.Recoverable},
		"has no role":   {http.StatusOK, http.StatusNotFound, 1, evercreds.Permanent},
		"is turned off": {http.StatusForbidden, http.StatusForbidden, 1, evercreds.Permanent},
		"there is none": {0, 0, 1, evercreds.Permanent},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPut {
				w.WriteHeader(c.role)
				return
			}
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			w.WriteHeader(c.token)
			_, _ = w.Write([]byte("token"))
		}))
		defer server.Close()
		if c.role == 0 {
			server.Close()
		}
		cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("us-east-1"), config.WithEC2IMDSEndpoint(server.URL),
			config.WithRetryMaxAttempts(c.attempts))
		if err != nil {
			t.Fatal(err)
		}
		s, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: "arn:aws:iam::123456789012:role/job"}, evercreds.WithMaxWait(0))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		all.Go(func() {
			_, err := s.Retrieve(t.Context())
			var told *evercreds.Error
			if !errors.As(err, &told) || told.Class != c.want {
				t.Errorf("%s: %v", name, err)
			}
			words := "there are no base credentials"
			if c.want == evercreds.Recoverable {
				words = "the metadata service of EC2 failed"
			}
			if !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "HTTP ") {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
}

// withoutCredentials leaves the SDK's default chain nothing but the metadata service.
func withoutCredentials(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_EC2_METADATA_DISABLED",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	} {
		t.Setenv(name, "")
	}
	none := t.TempDir() + "/none"
	t.Setenv("AWS_CONFIG_FILE", none)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", none)
}
