//go:build cgo

package pkcs11_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/pkcs11"
)

const (
	tokenLabel = "evercreds devices"
	pin        = "86420975310"
	soPIN      = "13579024680"
)

// softHSM is a token in software with two keys of the stand-in's clients. SoftHSM
// reads once in a process where its tokens are, so there is one for all tests. The
// library is a module before it, by which a token locks itself and is taken out as real
// ones are: internal/awstest/token.
var softHSM struct {
	library string
	missing string // why there is none
	dir     string // the files by which the module is told what to do
	standIn *awstest.Server
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "evercreds token ")
	if err == nil {
		err = makeToken(dir)
	}
	status := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		status = m.Run()
	}
	if softHSM.standIn != nil {
		_ = softHSM.standIn.Close()
	}
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

func makeToken(dir string) (err error) {
	if softHSM.standIn, err = awstest.Start(awstest.Config{}); err != nil {
		return err
	}
	for _, path := range []string{
		os.Getenv("SOFTHSM2_LIBRARY"), "/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so",
		"/usr/lib64/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so", "/opt/homebrew/lib/softhsm/libsofthsm2.so",
	} {
		if info, err := os.Stat(path); path != "" && err == nil && !info.IsDir() {
			softHSM.library = path
			break
		}
	}
	if _, err := exec.LookPath("softhsm2-util"); err != nil || softHSM.library == "" {
		softHSM.missing = "SoftHSM is not installed (./task services installs it)"
		return nil
	}
	tokens, conf := filepath.Join(dir, "tokens"), filepath.Join(dir, "softhsm2.conf")
	if err := os.Mkdir(tokens, 0o700); err != nil {
		return err
	}
	text := "directories.tokendir = " + tokens + "\nobjectstore.backend = file\nlog.level = ERROR\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return err
	}
	if err := os.Setenv("SOFTHSM2_CONF", conf); err != nil {
		return err
	}
	if err := makeModule(dir); err != nil {
		return err
	}
	return fillToken(tokenLabel)
}

// makeModule builds the module that stands before SoftHSM.
func makeModule(dir string) error {
	softHSM.dir = filepath.Join(dir, "told")
	if err := os.Mkdir(softHSM.dir, 0o700); err != nil {
		return err
	}
	for name, value := range map[string]string{"SOFTHSM2_LIBRARY": softHSM.library, "EVERCREDS_TOKEN_DIR": softHSM.dir} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	softHSM.library = filepath.Join(dir, "token.so")
	compiler := os.Getenv("CC")
	if compiler == "" {
		compiler = "cc"
	}
	out, err := exec.Command(compiler, "-std=gnu11", "-O1", "-shared", "-fPIC", "-o", softHSM.library,
		filepath.Join("..", "internal", "awstest", "token", "token.c"), "-ldl", "-lpthread").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", compiler, err, out)
	}
	return nil
}

// fillToken makes a token with the keys of the stand-in's clients.
func fillToken(token string) error {
	if err := util("--init-token", "--free", "--label", token, "--so-pin", soPIN, "--pin", pin); err != nil {
		return err
	}
	return fillKeys(token)
}

func fillKeys(token string) error {
	for label, c := range map[string]awstest.ClientCert{"ec": softHSM.standIn.ClientEC, "rsa": softHSM.standIn.ClientRSA} {
		id := fmt.Sprintf("%02x", label[0])
		if err := util("--import", c.KeyFile, "--token", token, "--label", label, "--id", id, "--pin", pin); err != nil {
			return err
		}
	}
	return nil
}

func util(args ...string) error {
	if out, err := exec.Command("softhsm2-util", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("softhsm2-util: %w: %s", err, out)
	}
	return nil
}

// token skips where there is none; in CI, which installs it, that is a failure.
func token(t *testing.T, label string) pkcs11.Params {
	t.Helper()
	if softHSM.missing != "" {
		if os.Getenv("CI") != "" {
			t.Fatal(softHSM.missing)
		}
		t.Skip(softHSM.missing)
	}
	return pkcs11.Params{Library: softHSM.library, TokenLabel: tokenLabel, PIN: pin, PrivateKeyLabel: label}
}

func open(t *testing.T, p pkcs11.Params) *pkcs11.Key {
	t.Helper()
	key, err := pkcs11.Open(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = key.Close() })
	return key
}
