package sources_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
)

// A reply without end takes neither memory nor time, whatever its status, and
// whosever the HTTP client is.
func TestEndlessReplies(t *testing.T) {
	var written atomic.Int64
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		written.Store(0)
		status := http.StatusOK
		_, _ = fmt.Sscanf(strings.TrimPrefix(r.URL.Path, "/"), "%d", &status)
		w.WriteHeader(status)
		for part := []byte(strings.Repeat(" ", 64<<10)); ; {
			n, err := w.Write(part)
			if written.Add(int64(n)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(endless.Close)
	for _, status := range []int{200, 403, 503} {
		for name, client := range map[string]aws.HTTPClient{"ours": nil, "the user's": &http.Client{}} {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				address := fmt.Sprintf("%s/%d", endless.URL, status)
				s := newSTS(t, aws.Config{
					Region: "us-east-1", BaseEndpoint: &address, HTTPClient: client,
					Credentials: static(aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "secret"}),
				}, sources.AssumeRole{RoleARN: roleARN})
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				_, err := s.Fetch(ctx, flight)
				e := sourceError(t, err)
				if e.Reason != core.CodeMalformed || e.Class != core.Recoverable || !strings.Contains(e.Message, "at most 65536 bytes") {
					t.Errorf("class %v, reason %v: %v", e.Class, e.Reason, e)
				}
				if n := written.Load(); n > 32<<20 { // what the kernel's buffers take, and more
					t.Errorf("%d bytes were read", n)
				}
			})
		}
	}
}

// An error that is not AWS's is told by its status. Neither its text nor that of a
// parser that failed on it is shown.
func TestForeignErrorTextsAreNotShown(t *testing.T) {
	const secret = "wJalrXUtnFEMI-sentinel"
	for _, c := range []struct {
		status int
		body   string
		reason core.Code
	}{
		{200, "<AssumeRoleResponse><AssumeRoleResult><" + secret + ">", core.CodeMalformed},
		{200, "<AssumeRoleResponse><AssumeRoleResult><Credentials><Expiration>" + secret + "</Expiration>", core.CodeMalformed},
		{200, "<AssumeRoleResponse><AssumeRoleResult><Credentials><Expiration>" + secret +
			"</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>", core.CodeMalformed},
		{200, secret, core.CodeMalformed},
		{200, "", core.CodeMalformed},
		{204, "", core.CodeMalformed},
		{502, "<html><" + secret + "</html>", core.CodeSource},
		{403, "{" + secret, core.CodeSource},
		{400, "", core.CodeSource},
		{302, "", core.CodeSource},
	} {
		t.Run(fmt.Sprintf("%d %.40s", c.status, c.body), func(t *testing.T) {
			endpoint := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			s := newSTS(t, aws.Config{
				Region: "us-east-1", BaseEndpoint: &endpoint,
				Credentials: static(aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "secret"}),
			}, sources.AssumeRole{RoleARN: roleARN})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			_, err := s.Fetch(ctx, &sources.Flight{Cause: core.CauseIdle})
			e := sourceError(t, err)
			if e.Class != core.Recoverable || e.Reason != c.reason || e.Status != c.status && e.Status != 0 {
				t.Errorf("class %v, reason %v, status %d: %v", e.Class, e.Reason, e.Status, e)
			}
			for cause := error(e); cause != nil; cause = errors.Unwrap(cause) {
				if text := fmt.Sprintf("%v %+v %#v", cause, cause, cause); strings.Contains(text, secret) {
					t.Errorf("%T shows what came: %s", cause, text)
				}
			}
		})
	}
}
