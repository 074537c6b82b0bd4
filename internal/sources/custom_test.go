package sources_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/sources"
)

const sentinel = "sentinel-secret"

func set() sources.Credentials {
	return sources.Credentials{
		AccessKeyID: "sentinel-key", SecretAccessKey: sentinel, SessionToken: "sentinel-token",
		AccountID: "123456789012", Expires: time.Unix(2e9, 0),
	}
}

func fetchCustom(t *testing.T, fn sources.CustomFunc) (sources.Result, error) {
	t.Helper()
	c, err := sources.NewCustom(fn)
	if err != nil {
		t.Fatal(err)
	}
	return c.Fetch(t.Context(), flight)
}

func TestCustomResult(t *testing.T) {
	endless := set()
	endless.Expires, endless.NoExpiry = time.Time{}, true
	for _, want := range []sources.Credentials{set(), endless} {
		r, err := fetchCustom(t, func(context.Context) (sources.Credentials, error) { return want, nil })
		if err != nil || r.Credentials != want {
			t.Errorf("got %v, %v", r, err)
		}
		wantNoSecret(t, r, sentinel, "sentinel-key", "sentinel-token")
	}
}

func TestCustomMalformed(t *testing.T) {
	for name, change := range map[string]func(*sources.Credentials){
		"AccessKeyID":          func(c *sources.Credentials) { c.AccessKeyID = "" },
		"SecretAccessKey":      func(c *sources.Credentials) { c.SecretAccessKey = "" },
		"SessionToken":         func(c *sources.Credentials) { c.SessionToken = "" },
		"Expires and NoExpiry": func(c *sources.Credentials) { c.Expires = time.Time{} },
		"exactly one":          func(c *sources.Credentials) { c.NoExpiry = true },
	} {
		_, err := fetchCustom(t, func(context.Context) (sources.Credentials, error) {
			c := set()
			change(&c)
			return c, nil
		})
		e := sourceError(t, err)
		if e.Reason != core.CodeMalformed || e.Class != core.Recoverable || !strings.Contains(e.Message, name) {
			t.Errorf("%s: %v", name, e)
		}
		wantNoSecret(t, err, sentinel, "sentinel-token")
	}
}

func TestCustomErrors(t *testing.T) {
	plain := errors.New("vault is sealed")
	for name, c := range map[string]struct {
		give  error
		class core.Class
	}{
		"plain":       {plain, core.Recoverable},
		"denied":      {&smithy.GenericAPIError{Code: "AccessDenied"}, core.Recoverable},
		"configured":  {&smithy.GenericAPIError{Code: "Configuration"}, core.Permanent},
		"own":         {fmt.Errorf("x: %w", &sources.Error{Class: core.Permanent, RetryAfter: time.Second}), core.Permanent},
		"with secret": {fmt.Errorf("cannot parse %s", sentinel), core.Recoverable},
	} {
		_, err := fetchCustom(t, func(context.Context) (sources.Credentials, error) { return set(), c.give })
		if e := sourceError(t, err); e.Class != c.class {
			t.Errorf("%s: class %v", name, e.Class)
		}
		if name == "plain" && !errors.Is(err, plain) {
			t.Error("the function's error is lost")
		}
		wantNoSecret(t, err, sentinel)
	}
	_, err := fetchCustom(t, func(context.Context) (sources.Credentials, error) {
		return set(), fmt.Errorf("vault %s: %w", sentinel, &sources.Error{Class: core.Permanent, Code: "Sealed", Status: 503})
	})
	if e := sourceError(t, err); e.Code != "Sealed" || e.Status != 503 || !strings.Contains(e.Message, "vault [redacted]: ") {
		t.Errorf("the function's own words are lost: %v", e)
	}
	wantNoSecret(t, err, sentinel)
	_, err = fetchCustom(t, func(context.Context) (sources.Credentials, error) { panic(sentinel) })
	if e := sourceError(t, err); e.Class != core.Recoverable || !strings.Contains(e.Message, "panicked with a string") {
		t.Errorf("a panic: %v", e)
	}
	wantNoSecret(t, err, sentinel)
	_, err = sources.NewCustom(nil)
	wantParameter(t, err, "fetch")
}

// The vectors are those by which every language checks its own fingerprint.
func TestFingerprint(t *testing.T) {
	for _, c := range []struct {
		key, token string
		want       uint64
	}{
		{"AKIAIOSFODNN7EXAMPLE", "token", 0xfa355c4404b25fdb},
		{"A", "", 0xe61c21ca716b3b1a},
		{"", "A", 0xc00b4d3c929cb5cc},
	} {
		a := sources.Credentials{AccessKeyID: c.key, SessionToken: c.token, SecretAccessKey: "any"}
		if got := sources.Fingerprint(a); got != c.want {
			t.Errorf("%q, %q: got %#x, want %#x", c.key, c.token, got, c.want)
		}
	}
}
