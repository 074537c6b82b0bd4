package sources_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
)

// caller A asks; the service is down: STS is called as often as the user's config says.
// If nobody waits, or a one-time code is spent, it is called once.
func TestRetriesAreTheUsers(t *testing.T) {
	retryer := func(most int) func() aws.Retryer {
		return func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.RateLimiter = most, ratelimit.None })
		}
	}
	mfa := sources.AssumeRole{
		RoleARN: roleARN, SerialNumber: "arn:aws:iam::210987654321:mfa/me",
		MFA: func(context.Context) (string, error) { return "123456", nil },
	}
	for name, c := range map[string]struct {
		most    int
		retryer func() aws.Retryer
		role    sources.AssumeRole
		cause   core.Cause
		want    int64
	}{
		"by default":           {want: 3},
		"once":                 {most: 1, want: 1},
		"five times":           {most: 5, want: 5},
		"a retryer":            {retryer: retryer(2), want: 2},
		"both":                 {retryer: retryer(5), most: 2, want: 2},
		"without end":          {retryer: retryer(0), want: 3},
		"nobody waits":         {most: 5, cause: core.CauseAdvisory, want: 1},
		"with a one-time code": {most: 5, role: mfa, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int64
			endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				calls.Add(1)
				w.WriteHeader(http.StatusInternalServerError)
			})
			if c.role.RoleARN == "" {
				c.role.RoleARN = roleARN
			}
			s := newSTS(t, aws.Config{
				Region: "us-east-1", BaseEndpoint: &endpoint, RetryMaxAttempts: c.most, Retryer: c.retryer,
				Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "x"}, nil
				}),
			}, c.role)
			// pauses are a sixth of the time that is left
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if c.cause == 0 {
				c.cause = core.CauseFirst
			}
			if _, err := s.Fetch(ctx, &sources.Flight{Ticket: 1, Cause: c.cause}); err == nil {
				t.Error("no error")
			}
			if n := calls.Load(); n != c.want {
				t.Errorf("%d calls, expected %d", n, c.want)
			}
		})
	}
}
