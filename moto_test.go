package evercreds_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
)

// startMoto runs moto, an STS that shares nothing with the stand-in, and gives
// its address. It is found through EVERCREDS_PYTHON, which ./task test sets.
func startMoto(t *testing.T) string {
	t.Helper()
	python := os.Getenv("EVERCREDS_PYTHON")
	if python == "" {
		t.Skip("EVERCREDS_PYTHON is not set: no Python with moto (./task test sets it)")
	}
	server := exec.CommandContext(t.Context(), python, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0")
	said, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill() // ours, by its own handle
		_ = server.Wait()
	})
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		if at := address.FindString(lines.Text()); at != "" {
			go func() { // it logs every request, and must not block on that
				for lines.Scan() {
				}
			}()
			return at
		}
	}
	t.Fatal("moto ended without telling its address")
	return ""
}

func TestMotoServesASession(t *testing.T) {
	base := aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(startMoto(t)),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "testing", SecretAccessKey: "testing"}, nil
		}),
	}
	session, err := evercreds.NewSTS(base, evercreds.AssumeRole{
		RoleARN: "arn:aws:iam::123456789012:role/moto-go", Duration: 15 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	who, err := sts.NewFromConfig(session.Config(base)).GetCallerIdentity(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if arn := aws.ToString(who.Arn); !strings.Contains(arn, ":assumed-role/moto-go/") {
		t.Errorf("moto knows the caller as %s, want the assumed role moto-go", arn)
	}
	first, err := session.Retrieve(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(first.Expires); left < 14*time.Minute || left > 15*time.Minute {
		t.Errorf("the set has %s left, want nearly the 15 minutes asked for", left)
	}
	second, err := session.Refresh(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if second.AccessKeyID == first.AccessKeyID {
		t.Error("a refresh brought the same access key")
	}
}
