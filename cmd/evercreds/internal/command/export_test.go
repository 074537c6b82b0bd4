package command

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// odd has every character that a shell reads as something else. Credentials are
// printable ASCII (the session refuses all others).
func odd() aws.Credentials {
	var all strings.Builder
	for c := byte('!'); c <= '~'; c++ {
		all.WriteByte(c)
	}
	return aws.Credentials{
		AccessKeyID: "AKID", SecretAccessKey: all.String(), SessionToken: "-n 'x' $(id) `id` \\",
		CanExpire: true, Expires: time.Date(2026, 1, 2, 3, 4, 5, 999, time.UTC),
	}
}

func TestAShellReadsWhatExportPrints(t *testing.T) {
	var out bytes.Buffer
	if err := printSet(&out, "env", odd()); err != nil {
		t.Fatal(err)
	}
	script := out.String() + `printf '%s\n' "$AWS_SECRET_ACCESS_KEY" "$AWS_SESSION_TOKEN" "$AWS_CREDENTIAL_EXPIRATION"`
	got, err := exec.Command("sh", "-c", script).Output()
	if want := odd().SecretAccessKey + "\n" + odd().SessionToken + "\n2026-01-02T03:04:05Z\n"; err != nil || string(got) != want {
		t.Errorf("sh read\n%swant\n%s%v", got, want, err)
	}
}

func TestExportRefusesWhatAFormatCannotCarry(t *testing.T) {
	for _, format := range []string{"env-no-export", "windows-cmd"} {
		var out bytes.Buffer
		if err := printSet(&out, format, odd()); err == nil || out.Len() > 0 {
			t.Errorf("%s: got %v, and printed %d bytes", format, err, out.Len())
		}
	}
	plain := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "a/b+c", SessionToken: "d==", AccountID: "123456789012"}
	for format, want := range map[string]string{
		"env-no-export": "AWS_SECRET_ACCESS_KEY=a/b+c\n", "windows-cmd": "set AWS_SECRET_ACCESS_KEY=a/b+c\n",
		"fish": "set -gx AWS_SECRET_ACCESS_KEY 'a/b+c'\n", "powershell": "$Env:AWS_SECRET_ACCESS_KEY='a/b+c'\n",
		"process": `"Version": 1`, "json": `"Token": "d=="`, "env": "export AWS_ACCOUNT_ID='123456789012'\n",
	} {
		var out bytes.Buffer
		if err := printSet(&out, format, plain); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: no %q in %q, %v", format, want, out.String(), err)
		}
	}
}

func TestCredentialProcessAlwaysHasExpirationAndAccount(t *testing.T) {
	w := newWorld(t, time.Hour)
	var got struct {
		Version                                   int
		AccessKeyId, Expiration, AccountId, Token string //nolint:revive // AWS's names
	}
	out := w.good("credential-process", "--role-arn", "arn:aws:iam::123456789012:role/app")
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != 1 || got.AccessKeyId == "" || got.AccountId != "123456789012" || !strings.HasSuffix(got.Expiration, "Z") {
		t.Errorf("got %+v", got)
	}
}

func TestRecursionIsCaught(t *testing.T) {
	w := newWorld(t, time.Hour)
	w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	self := w.command().Path
	w.env["AWS_CONFIG_FILE"] = w.file("config", "[default]\ncredential_process = "+self+" credential-process\n")
	_, errs, code := w.run("credential-process")
	if code == 0 || !strings.Contains(errs, "recursion") {
		t.Errorf("exit code %d, %s", code, errs)
	}
}

func TestMinTTL(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second)
	if _, errs, code := w.run("credential-process", "--role-arn", "arn:aws:iam::123456789012:role/app", "--min-ttl", "1h"); code != 8 {
		t.Errorf("exit code %d, %s", code, errs)
	}
}
