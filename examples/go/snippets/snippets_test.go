// Package snippets has the Go programs that the pages show, and runs them on the
// stand-in. They are here, and not beside those of other languages, for this module has
// the clients that they use.
package snippets

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/evercreds/evercreds/internal/awstest"
)

// A reader has a function around each of them, which returns their errors.
func TestTheProgramsOfThePagesRun(t *testing.T) {
	standIn := awstest.New(awstest.Config{})
	t.Cleanup(func() { _ = standIn.Close() })
	home := t.TempDir()
	for file, shown := range map[string]string{
		standIn.ClientEC.CertFile: "certificate.pem.crt", standIn.ClientEC.KeyFile: "private.pem.key",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, shown), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// In the place of a key that shows codes: six digits, others each time.
	if err := os.WriteFile(filepath.Join(home, "ykman"), []byte("#!/bin/sh\ndate +%s%N | tail -c 8 | head -c 6\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(home)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": standIn.URL, "AWS_REGION": awstest.DefaultRegion,
		"AWS_ACCESS_KEY_ID": standIn.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY": standIn.Base.SecretAccessKey,
		"AWS_SESSION_TOKEN": "", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_LAMBDA_FUNCTION_NAME": "", "AWS_PROFILE": "",
		"PATH": home + string(os.PathListSeparator) + os.Getenv("PATH"),
	} {
		t.Setenv(name, value)
	}
	for name, program := range map[string]func(context.Context) error{
		"start": start, "mfa by a command": mfaByCommand, "mfa by a person": mfaByPerson,
		"chaining": chaining, "a function": custom, "iot": iot, "presigning": presign,
		"policies": policies, "errors": showError, "events": events,
		"stscreds before": stscredsBefore, "stscreds after": stscredsAfter,
	} {
		t.Run(name, func(t *testing.T) {
			if err := program(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	if got := standIn.Counts().Actions[awstest.ActionListBuckets].Successes; got < 6 {
		t.Errorf("%d listings of buckets were signed, want one of each program with a client", got)
	}
}

// ask stands for a person.
func ask(context.Context) (string, error) { return "123456", nil }

func check(ok bool, what ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf("wrong: %s", fmt.Sprint(what...))
}
