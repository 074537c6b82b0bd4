//go:build cgo && go1.25

package pkcs11_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/pkcs11"
)

// connections are those of a session, which may be cut so that the next call signs.
type connections struct {
	mu  sync.Mutex
	all []net.Conn
}

func (c *connections) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, open := range c.all {
		_ = open.Close()
	}
	c.all = nil
}

// session is one whose certificate is that of a key in the token.
func session(t *testing.T, c awstest.ClientCert, key crypto.Signer) *evercreds.Session {
	s, _ := cuttable(t, c, key)
	return s
}

func cuttable(t *testing.T, c awstest.ClientCert, key crypto.Signer) (*evercreds.Session, *connections) {
	t.Helper()
	made := &connections{}
	s, err := evercreds.NewIoT(evercreds.IoTParams{
		Endpoint:  "c1234567890abc.credentials.iot.us-east-1.amazonaws.com",
		RoleAlias: awstest.DefaultAlias, ThingName: awstest.DefaultThing,
		Certificate: evercreds.PEMFile(c.CertFile), Signer: key,
		CA: evercreds.PEMFile(softHSM.standIn.CAFile),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(softHSM.standIn.TLSURL, "https://"))
			if err == nil {
				made.mu.Lock()
				defer made.mu.Unlock()
				made.all = append(made.all, conn)
			}
			return conn, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, made
}

func TestSessionsOfKeysInAToken(t *testing.T) {
	for label, c := range map[string]awstest.ClientCert{"rsa": softHSM.standIn.ClientRSA, "ec": softHSM.standIn.ClientEC} {
		key := open(t, token(t, label))
		s := session(t, c, key)
		first, err := s.Retrieve(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", label, err)
		}
		second, err := s.Refresh(t.Context())
		if err != nil || second.AccessKeyID == first.AccessKeyID {
			t.Fatalf("%s: the refresh brought %v, %v", label, second.AccessKeyID != first.AccessKeyID, err)
		}
	}
}

func TestKeyMustMatchTheCertificate(t *testing.T) {
	key := open(t, token(t, "rsa"))
	_, err := evercreds.NewIoT(evercreds.IoTParams{
		Endpoint:  "c1234567890abc.credentials.iot.us-east-1.amazonaws.com",
		RoleAlias: awstest.DefaultAlias, Certificate: evercreds.PEMFile(softHSM.standIn.ClientEC.CertFile), Signer: key,
	})
	wantParameter(t, err, "Signer")
}

func TestWrongParametersAreNamed(t *testing.T) {
	slot := uint32(0xfffffff)
	for want, changes := range map[string][]func(*pkcs11.Params){
		"Library": {
			func(p *pkcs11.Params) { p.Library = "" },
			func(p *pkcs11.Params) { p.Library = filepath.Join(t.TempDir(), "none.so") },
			func(p *pkcs11.Params) { p.Library = softHSM.standIn.CAFile }, // a file, and no library
		},
		"TokenLabel": {
			func(p *pkcs11.Params) { p.TokenLabel = "another" },
		},
		"SlotID": {
			func(p *pkcs11.Params) { p.TokenLabel, p.SlotID = "", &slot },
			func(p *pkcs11.Params) { p.SlotID = &slot }, // beside TokenLabel
		},
		"PIN": {
			func(p *pkcs11.Params) { p.PIN = "99" + pin },
			func(p *pkcs11.Params) { p.PIN = "9" },
			func(p *pkcs11.Params) { p.PIN = "" },
		},
		"PrivateKeyLabel": {
			func(p *pkcs11.Params) { p.PrivateKeyLabel = "another" },
			func(p *pkcs11.Params) { p.PrivateKeyLabel = "" }, // there are two
		},
	} {
		for i, change := range changes {
			p := token(t, "ec")
			change(&p)
			key, err := pkcs11.Open(p)
			if err == nil {
				_ = key.Close()
			}
			t.Run(fmt.Sprintf("%s %d", want, i), func(t *testing.T) {
				wantParameter(t, err, want)
				wantNoPIN(t, err, p)
			})
		}
	}
	open(t, token(t, "ec")) // none of them has locked the token
	p := token(t, "ec")
	p.TokenLabel = ""
	open(t, p) // there is one token
}

func TestAKeyWithoutItsPublicHalf(t *testing.T) {
	var p pkcs11.Params
	for label, c := range map[string]awstest.ClientCert{"rsa": softHSM.standIn.ClientRSA, "ec": softHSM.standIn.ClientEC} {
		p = token(t, label)
		p.PublicKey = open(t, p).Public()
		if _, err := session(t, c, open(t, p)).Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
	}
	p.PrivateKeyLabel = "another"
	_, err := pkcs11.Open(p)
	wantParameter(t, err, "PrivateKeyLabel")
}

// A process may initialize a library once, whatever it calls it.
func TestOneLibraryByTwoNames(t *testing.T) {
	p := token(t, "ec")
	open(t, p)
	link := filepath.Join(t.TempDir(), "a link.so")
	if err := os.Symlink(p.Library, link); err != nil {
		t.Skip(err)
	}
	p.Library = link
	open(t, p)
}

// Programs build without cgo too, and an error says what they lack.
func TestWithoutCgo(t *testing.T) {
	cmd := exec.Command("go", "test", "-count=1", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNothingShowsThePIN(t *testing.T) {
	p := token(t, "ec")
	wantNoPIN(t, p, open(t, p))
}

// One key serves many callers, and Close waits for those that are signing.
func TestConcurrentUseAndClose(t *testing.T) {
	key := open(t, token(t, "rsa"))
	digest := sha256.Sum256([]byte("a handshake"))
	var all sync.WaitGroup
	signed := make(chan struct{}, 1)
	for range 16 {
		all.Go(func() {
			for range 20 {
				_, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
				if errors.Is(err, pkcs11.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				select {
				case signed <- struct{}{}:
				default:
				}
			}
		})
	}
	<-signed
	if err := key.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if _, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); !errors.Is(err, pkcs11.ErrClosed) {
		t.Errorf("a closed key: %v", err)
	}
	if err := key.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	open(t, token(t, "rsa")) // it can be opened anew
}

func wantParameter(t *testing.T, err error, name string) {
	t.Helper()
	var refused *evercreds.ParameterError
	if !errors.As(err, &refused) || refused.Parameter != name {
		t.Errorf("got %v, want a ParameterError of %s", err, name)
	}
}

func wantNoPIN(t *testing.T, values ...any) {
	t.Helper()
	for _, v := range values {
		text, _ := json.Marshal(v)
		if all := fmt.Sprintf("%v %+v %#v %s %s", v, v, v, v, text); strings.Contains(all, pin) {
			t.Errorf("%T shows the PIN: %s", v, all)
		}
	}
}
