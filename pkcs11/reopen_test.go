//go:build cgo && go1.25

package pkcs11_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"sync"
	"testing"

	raw "github.com/miekg/pkcs11"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/pkcs11"
)

// forget has the token forget this process, as when it is taken out and put in again.
func forget(t *testing.T) {
	t.Helper()
	library := raw.New(softHSM.library)
	slots, err := library.GetSlotList(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, slot := range slots {
		if err := library.CloseAllSessions(slot); err != nil {
			t.Fatal(err)
		}
	}
}

func TestATokenThatWasTakenOut(t *testing.T) {
	p := token(t, "rsa")
	key, other := open(t, p), open(t, token(t, "ec"))
	s := session(t, softHSM.standIn.ClientRSA, key)
	digest := sha256.Sum256([]byte("a handshake"))
	for range 3 {
		forget(t)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for _, k := range []*pkcs11.Key{key, other} {
					signature, err := k.Sign(rand.Reader, digest[:], crypto.SHA256)
					if err != nil {
						t.Error(err)
					}
					if public, ok := k.Public().(*rsa.PublicKey); ok {
						if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		all.Wait()
	}
	forget(t)
	if _, err := s.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
}

// caller A opens; the PIN is changed; the token is taken out and put back; A signs: the
// token refuses the PIN, and is asked no more.
func TestPINRefusedLaterIsNotTriedAgain(t *testing.T) {
	p := ownToken(t, "pin changes")
	key := open(t, p)
	const changed = "5550199"
	changePIN(t, p.TokenLabel, pin, changed)
	forget(t)
	digest := sha256.Sum256([]byte("a handshake"))
	before := logins(t)
	for range 3 {
		_, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		wantParameter(t, err, "PIN")
		var permanent *evercreds.SourceError
		if !errors.As(err, &permanent) || permanent.Class != evercreds.Permanent {
			t.Errorf("the session is not told that trying again is no use: %v", err)
		}
		wantNoPIN(t, err)
	}
	if tried := logins(t) - before; tried != 1 {
		t.Errorf("the token was asked %d times", tried)
	}
	if err := key.Close(); err != nil {
		t.Error(err)
	}
	p.PIN = changed
	open(t, p)
}

func changePIN(t *testing.T, label, from, to string) {
	t.Helper()
	library := raw.New(softHSM.library)
	mine := library.Initialize() == nil // else a key has
	slots, err := library.GetSlotList(true)
	if err != nil {
		t.Fatal(err)
	}
	for _, slot := range slots {
		if info, err := library.GetTokenInfo(slot); err != nil || info.Label != label {
			continue
		}
		session, err := library.OpenSession(slot, raw.CKF_SERIAL_SESSION|raw.CKF_RW_SESSION)
		if err == nil {
			err = library.SetPIN(session, from, to)
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = library.CloseSession(session)
	}
	if mine {
		_ = library.Finalize()
	}
}
