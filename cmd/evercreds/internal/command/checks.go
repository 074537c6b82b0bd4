package command

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/child"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

type adder func(check, state, format string, args ...any)

// checkEnvironment tells which variables SDKs take before a profile or an endpoint.
func checkEnvironment(add adder, named bool) {
	var there []string
	for _, name := range child.Outranking {
		if os.Getenv(name) != "" && !strings.HasSuffix(name, "_FILE") && name != "AWS_EC2_METADATA_DISABLED" {
			there = append(there, name)
		}
	}
	switch {
	case len(there) == 0:
		add("environment", "ok", "no variable stands before the profile")
	case os.Getenv("AWS_ACCESS_KEY_ID") != "" && (os.Getenv("AWS_PROFILE") != "" || named):
		add("environment", "note", "AWS_ACCESS_KEY_ID is set beside a profile: some SDKs take the one, some the other (set: %s)", strings.Join(there, ", "))
	default:
		add("environment", "note", "SDKs take these before an endpoint: %s; `evercreds run` removes them", strings.Join(there, ", "))
	}
}

// checkFiles tells which files others may read that have keys, or write that name commands.
func checkFiles(add adder, configPath string) {
	if runtime.GOOS == "windows" {
		return
	}
	shared, credentials := roles.ConfigFiles()
	wrong := false
	for _, f := range []struct {
		path string
		mask os.FileMode
		what string
	}{
		{credentials, 0o077, "others may read it"},
		{shared, 0o022, "others may write to it, and it may name commands"},
		{configPath, 0o022, "others may write to it, and it may name commands"},
	} {
		if info, err := os.Stat(f.path); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&f.mask != 0 {
			wrong = true
			add("files", "wrong", "%s has mode %04o: %s", f.path, info.Mode().Perm(), f.what)
		}
	}
	if !wrong {
		add("files", "ok", "nobody else may read keys or name commands")
	}
}

// checkCaches tells of sets and logins that other tools keep, and that have ended.
func checkCaches(add adder) {
	home, err := os.UserHomeDir()
	if err != nil {
		return
	}
	stale := 0
	for _, pattern := range []string{"cli/cache/*.json", "sso/cache/*.json", "login/cache/*.json"} {
		paths, _ := filepath.Glob(filepath.Join(home, ".aws", pattern))
		for _, path := range paths {
			if end := cachedEnd(path); !end.IsZero() && end.Before(time.Now()) {
				stale++
			}
		}
	}
	if stale > 0 {
		add("caches", "note", "other tools keep %d sets or logins that have ended, in %s", stale, filepath.Join(home, ".aws"))
	}
}

func cachedEnd(path string) time.Time {
	text, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}
	}
	var kept struct {
		Credentials struct{ Expiration string }
		ExpiresAt   string `json:"expiresAt"`
	}
	if json.Unmarshal(text, &kept) != nil {
		return time.Time{}
	}
	for _, s := range []string{kept.Credentials.Expiration, kept.ExpiresAt} {
		if end, err := time.Parse(time.RFC3339, strings.Replace(s, "UTC", "Z", 1)); err == nil {
			return end
		}
	}
	return time.Time{}
}

// checkEndpoint asks STS for nothing but its clock.
func checkEndpoint(ctx context.Context, add adder, opened *roles.Opened) {
	url := opened.Role.EndpointURL
	if url == "" {
		url = aws.ToString(opened.Endpoint)
	}
	if url == "" {
		if opened.Region == "" {
			return
		}
		url = "https://sts." + opened.Region + ".amazonaws.com/"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		add("endpoint", "wrong", "it is no URL") // which may have a password in it
		return
	}
	url = r.URL.Redacted()
	sent := time.Now()
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		add("endpoint", "wrong", "%s cannot be reached: %v", url, err)
		return
	}
	_ = reply.Body.Close()
	add("endpoint", "ok", "%s answers", url)
	off, ok := roles.Offset(reply.Header.Get("Date"), sent, time.Now())
	if !ok {
		return
	}
	if off.Abs() > 60*time.Second {
		add("clock", "wrong", "this machine's clock is %s off; AWS refuses signatures from 5 minutes on", off)
		return
	}
	add("clock", "ok", "within a minute of the endpoint's")
}
