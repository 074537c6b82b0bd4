//go:build cgo && go1.25

package pkcs11_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/pkcs11"
)

// ownToken makes a token for one test, which may do to it what the others' must not see.
func ownToken(t *testing.T, label string) pkcs11.Params {
	t.Helper()
	p := token(t, "ec")
	p.TokenLabel = label
	if err := fillToken(label); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = util("--delete-token", "--token", label) })
	return p
}

// told reads what the module has written down.
func told(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(softHSM.dir, "log"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

// logins counts how often a token was asked for a login.
func logins(t *testing.T) int {
	t.Helper()
	return strings.Count(told(t), "C_Login")
}

// while keeps a file of the module's there until the function that it gives is called.
func while(t *testing.T, name, text string) (end func()) {
	t.Helper()
	path := filepath.Join(softHSM.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	end = func() { _ = os.Remove(path) }
	t.Cleanup(end)
	return end
}

// callers A to H open with a wrong PIN; A tries again and again, by label and by slot:
// the token is asked once. Another PIN is given: it is asked again.
func TestAWrongPINReachesTheTokenOnce(t *testing.T) {
	p := ownToken(t, "wrong pin")
	right := open(t, p)
	slot := slotOf(t, p.TokenLabel)
	if err := right.Close(); err != nil {
		t.Fatal(err)
	}
	p.PIN = "1111111"
	before := logins(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := pkcs11.Open(p)
			wantParameter(t, err, "PIN")
		})
	}
	all.Wait()
	for _, change := range []func(*pkcs11.Params){
		func(*pkcs11.Params) {},
		func(p *pkcs11.Params) { p.SlotID = &slot },
		func(p *pkcs11.Params) { p.SlotID, p.TokenLabel = &slot, "" },
		func(p *pkcs11.Params) { p.PrivateKeyLabel = "rsa" },
	} {
		again := p
		change(&again)
		_, err := pkcs11.Open(again)
		wantParameter(t, err, "PIN")
		if text := err.Error(); !strings.Contains(text, `"wrong pin"`) || !strings.Contains(text, "does not send that PIN again") || strings.Contains(text, p.PIN) {
			t.Errorf("got %v", err)
		}
		wantNoPIN(t, err)
	}
	if tried := logins(t) - before; tried != 1 {
		t.Errorf("the token was asked %d times", tried)
	}
	p.PIN = "2222222"
	_, err := pkcs11.Open(p)
	wantParameter(t, err, "PIN")
	p.PIN = pin
	open(t, p) // it is not locked
	// it may be logged in by another's PIN: one that was wrong stays so
	p.PIN = "1111111"
	_, err = pkcs11.Open(p)
	wantParameter(t, err, "PIN")
	if tried := logins(t) - before; tried != 3 {
		t.Errorf("the token was asked %d times for three PINs", tried)
	}
}

// slotOf finds a token's slot in what SoftHSM's own tool says.
func slotOf(t *testing.T, label string) uint32 {
	t.Helper()
	_, err := pkcs11.Open(pkcs11.Params{Library: softHSM.library, TokenLabel: label, PIN: pin, PrivateKeyLabel: "none"})
	if err == nil {
		t.Fatal("there is no such key")
	}
	return slotIn(t, told(t))
}

// slotIn gives the slot of the last login.
func slotIn(t *testing.T, log string) uint32 {
	t.Helper()
	all := regexp.MustCompile(`C_Login slot (\d+) `).FindAllStringSubmatch(log, -1)
	if len(all) == 0 {
		t.Fatalf("no login in %s", log)
	}
	var slot uint32
	for _, digit := range all[len(all)-1][1] {
		slot = slot*10 + uint32(digit-'0')
	}
	return slot
}

// two tokens have one label: neither is shown a PIN, and the error names both slots.
func TestTwoTokensOfOneLabel(t *testing.T) {
	p := ownToken(t, "twins")
	slots := []uint32{slotOf(t, p.TokenLabel)}
	if err := util("--init-token", "--free", "--label", "twins", "--so-pin", soPIN, "--pin", "4444444"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = util("--delete-token", "--token", "twins") })
	before := logins(t)
	_, err := pkcs11.Open(p)
	wantParameter(t, err, "TokenLabel")
	if text := err.Error(); !strings.Contains(text, `"twins"`) || !regexp.MustCompile(`slots \d+, \d+`).MatchString(text) {
		t.Errorf("got %v", err)
	}
	p.TokenLabel = "" // and there are more
	_, err = pkcs11.Open(p)
	wantParameter(t, err, "TokenLabel")
	if logins(t) != before {
		t.Error("a PIN was shown")
	}
	p.SlotID = &slots[0]
	open(t, p)
}

// no PIN is given: the token's pad asks for it, or nobody does; nothing is sent.
func TestNoPIN(t *testing.T) {
	p := ownToken(t, "pad")
	p.PIN = ""
	before := logins(t)
	_, err := pkcs11.Open(p)
	wantParameter(t, err, "PIN")
	if !strings.Contains(err.Error(), "takes no login without one") || logins(t) != before {
		t.Errorf("got %v, after %d logins", err, logins(t)-before)
	}
	typed := while(t, "pad", pin)
	key := open(t, p)
	if _, err := session(t, softHSM.standIn.ClientEC, key).Retrieve(t.Context()); err != nil {
		t.Error(err)
	}
	typed()
	open(t, p) // this process is logged in
}

// the PIN on the pad is wrong: it is asked for once.
func TestAWrongPINOnThePad(t *testing.T) {
	p := ownToken(t, "pad wrong")
	p.PIN = ""
	while(t, "pad", "1111111")
	before := logins(t)
	for range 3 {
		_, err := pkcs11.Open(p)
		wantParameter(t, err, "PIN")
	}
	if tried := logins(t) - before; tried != 1 {
		t.Errorf("asked %d times", tried)
	}
}

// refreshed fails where the next refresh does not succeed at once.
func refreshed(t *testing.T, s *evercreds.Session, made *connections, after string) {
	t.Helper()
	made.cut()
	start := time.Now()
	if _, err := s.Refresh(t.Context()); err != nil {
		t.Errorf("after %s: %v", after, err)
	}
	if d := time.Since(start); d > 8*time.Second {
		t.Errorf("after %s: it took %v", after, d)
	}
}

// caller A refreshes; the token is taken out; A refreshes: the error blames the token;
// the token is put back; A refreshes; again after it was reset, and deleted and made
// anew. Another caller holds a login to the same library all the time.
func TestATokenIsFoundAgain(t *testing.T) {
	p := ownToken(t, "comes back")
	open(t, token(t, "rsa")) // keeps the library open
	key := open(t, p)
	s, made := cuttable(t, softHSM.standIn.ClientEC, key)
	refreshed(t, s, made, "nothing")
	for range 2 {
		back := while(t, "removed", "")
		for range 2 {
			made.cut()
			_, err := s.Refresh(t.Context())
			if err == nil {
				t.Fatal("it was out")
			}
			if text := err.Error(); !strings.Contains(text, "Signer") || !strings.Contains(text, `"comes back"`) || strings.Contains(text, "endpoint") {
				t.Errorf("got %v", err)
			}
			wantNoPIN(t, err)
		}
		back()
		refreshed(t, s, made, "it was put back")
	}
	while(t, "pulls", "x")
	refreshed(t, s, made, "it was out for a moment")
	for name, make := range map[string]func() error{
		"a reset": func() error {
			return util("--init-token", "--token", p.TokenLabel, "--label", p.TokenLabel, "--so-pin", soPIN, "--pin", pin)
		},
		"it was made anew": func() error {
			if err := util("--delete-token", "--token", p.TokenLabel); err != nil {
				return err
			}
			return util("--init-token", "--free", "--label", p.TokenLabel, "--so-pin", soPIN, "--pin", pin)
		},
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		if err := fillKeys(p.TokenLabel); err != nil {
			t.Fatal(err)
		}
		refreshed(t, s, made, name)
	}
	digest := sha256.Sum256([]byte("a handshake"))
	if _, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
		t.Error(err)
	}
}
