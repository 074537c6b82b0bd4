package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
)

// environment is what points the SDK at a stand-in, and at nothing else.
func environment(s *awstest.Server) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + s.URL, "AWS_REGION=" + awstest.DefaultRegion,
		"AWS_ACCESS_KEY_ID=" + s.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + s.Base.SecretAccessKey,
		"AWS_SESSION_TOKEN=", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_LAMBDA_FUNCTION_NAME=",
	}
}

func TestListBuckets(t *testing.T) {
	standIn := awstest.New(awstest.Config{})
	defer func() { _ = standIn.Close() }()
	for _, setting := range environment(standIn) {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names, err := listBuckets(t.Context(), cfg, standIn.RoleARN)
	if err != nil || len(names) == 0 {
		t.Fatalf("got %v, %v", names, err)
	}
	counts := standIn.Counts()
	if role := counts.Roles[standIn.RoleARN]; role.Successes != 1 || role.Failures != 0 {
		t.Errorf("AssumeRole: %+v", role.Tally)
	}
	if list := counts.Actions[awstest.ActionListBuckets]; list.Successes != 1 || list.Failures != 0 {
		t.Errorf("ListBuckets: %+v", list)
	}
}

// config.LoadDefaultConfig wraps a provider that it is given in a cache, which
// would go on to sign with a set that was rejected. Session.Config takes it off.
func TestSessionInALoadedConfig(t *testing.T) {
	standIn := awstest.New(awstest.Config{})
	defer func() { _ = standIn.Close() }()
	for _, setting := range environment(standIn) {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	session, err := evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: standIn.RoleARN})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	loaded, err := config.LoadDefaultConfig(t.Context(), config.WithCredentialsProvider(session))
	if err != nil {
		t.Fatal(err)
	}
	client := s3.NewFromConfig(session.Config(loaded))
	if _, err := client.ListBuckets(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	held, err := session.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := standIn.Revoke(held.AccessKeyID); err != nil {
		t.Fatal(err)
	}
	if _, err := client.ListBuckets(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if status := session.Status(); status.Rejections != 1 || status.Installs != 2 {
		t.Errorf("%+v", status)
	}
}

// The program itself, as a user runs it.
func TestProgram(t *testing.T) {
	standIn := awstest.New(awstest.Config{})
	defer func() { _ = standIn.Close() }()
	run := exec.CommandContext(t.Context(), "go", "run", ".", standIn.RoleARN)
	run.Env = append(run.Environ(), environment(standIn)...)
	out, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Fields(string(out)); len(lines) == 0 || slices.Contains(lines, "") {
		t.Errorf("got %q", out)
	}
}
