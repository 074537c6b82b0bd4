//go:build linux

package command

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const softHSM = "/usr/lib/softhsm/libsofthsm2.so"

// TestAKeyInAToken builds evercreds-pkcs11 and has it sign with a key that never leaves
// its token.
func TestAKeyInAToken(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("go", "env", "CGO_ENABLED").Output(); err != nil || string(out) != "1\n" {
		t.Skip("it needs cgo")
	}
	if _, err := exec.LookPath("softhsm2-util"); err != nil {
		t.Skip("SoftHSM is not installed (./task services installs it)")
	}
	if _, err := os.Stat(softHSM); err != nil {
		t.Skip("SoftHSM's library is not in Debian's place")
	}
	w := newWorld(t, time.Hour)
	w.env["SOFTHSM2_CONF"] = w.file("softhsm2.conf", "directories.tokendir = "+w.dir+"/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
	if err := os.Mkdir(filepath.Join(w.dir, "tokens"), 0o700); err != nil {
		t.Fatal(err)
	}
	const pin = "86420975310"
	for _, args := range [][]string{
		{"--init-token", "--free", "--label", "devices", "--so-pin", "13579024680", "--pin", pin},
		{"--import", w.aws.ClientEC.KeyFile, "--token", "devices", "--label", "device-1", "--id", "01", "--pin", pin},
	} {
		cmd := exec.Command("softhsm2-util", args...)
		cmd.Env = w.environ()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("softhsm2-util %s: %v\n%s", args[0], err, out)
		}
	}
	program := filepath.Join(w.dir, "evercreds-pkcs11")
	if out, err := exec.Command("go", "build", "-tags", "pkcs11", "-o", program, "../..").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	address, err := url.Parse(w.aws.TLSURL)
	if err != nil {
		t.Fatal(err)
	}
	whoami := func(label string) (string, error) {
		config := w.file("token.yaml", fmt.Sprintf(`
roles:
  device:
    region: us-east-1
    iot: { endpoint: abc.credentials.iot.us-east-1.amazonaws.com, address: %q, role_alias: stand-in-alias, certificate: %q, ca: %q, pkcs11: { library: %s, pin_file: %q, token_label: devices, private_key_label: %s } }
`, address.Host, w.aws.ClientEC.CertFile, w.aws.CAFile, softHSM, w.file("pin", pin+"\n"), label))
		cmd := exec.Command(program, "whoami", "--config", config, "--role", "device")
		cmd.Env = w.environ()
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := whoami("device-1"); err != nil || !strings.Contains(out, "assumed-role/") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := whoami("another"); err == nil || !strings.HasPrefix(out, "evercreds: config: ") || strings.Contains(out, pin) {
		t.Errorf("there is no such key: %v: %s", err, out)
	}
}
