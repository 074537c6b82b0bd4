//go:build cgo

package pkcs11

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/ThalesGroup/crypto11"
	"github.com/miekg/pkcs11"
)

// token is a login, and the key that was found by it.
type token struct {
	library *library
	place   *place
	context *crypto11.Context
	key     signer
	public  crypto.PublicKey
	end     sync.Once
}

type signer interface {
	Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

// close ends the login, once.
func (t *token) close() { t.end.Do(func() { _ = t.context.Close() }) }

// gone tells whether the library dropped this login.
func (t *token) gone() bool {
	t.library.mu.Lock()
	defer t.library.mu.Unlock()
	return !t.library.tokens[t]
}

// leave ends the login of a Key, and with the last one the library: nobody may be
// looking for a token in it then.
func (t *token) leave() {
	t.library.opening.Lock()
	defer t.library.opening.Unlock()
	t.library.end(t)
}

func openToken(params Params) (*token, error) {
	path, err := params.check()
	if err != nil {
		return nil, err
	}
	l := libraryOf(path)
	l.opening.Lock()
	defer l.opening.Unlock()
	return l.open(params)
}

// reopenToken opens a token that old, if there is one, was lost of. It looks for it
// with all that the library knows of it forgotten.
func reopenToken(l *library, params Params, old *token) (*token, error) {
	l.opening.Lock()
	defer l.opening.Unlock()
	if old != nil {
		if !old.gone() { // else another Key has dropped all, and may have logged in since
			l.drop()
		}
		l.end(old)
	}
	t, err := l.open(params)
	var wrong *pinError
	if err == nil || errors.As(err, &wrong) || !l.stale() {
		return t, err
	}
	l.drop()
	return l.open(params)
}

// open logs in and finds the key. The sessions are crypto11's, the login is ours: it
// takes the first token of a label, and shows it the PIN whatever it said before.
func (p *place) open(params Params) (t *token, err error) {
	slot := int(p.slot)
	context, err := crypto11.Configure(&crypto11.Config{
		Path: p.library.path, SlotNumber: &slot, LoginNotSupported: true, PoolWaitTimeout: poolWait,
	})
	if err != nil {
		return nil, p.openError(err)
	}
	defer func() {
		if err != nil {
			_ = context.Close()
		}
	}()
	if err = p.library.with(func(raw *pkcs11.Ctx) error { return login(raw, p, params.PIN) }); err != nil {
		return nil, err
	}
	t, err = find(context, params)
	if err == nil {
		t.library, t.place = p.library, p
	}
	return t, err
}

// openError tells of a token that went away between two looks at it, or has no session
// to spare. crypto11 has texts where it is no token's error.
func (p *place) openError(err error) error {
	var code pkcs11.Error
	if errors.As(err, &code) {
		return fmt.Errorf("evercreds/pkcs11: %s cannot be opened: %w", p, code)
	}
	return fmt.Errorf("evercreds/pkcs11: %s cannot be opened: it is not there any more", p)
}

func find(context *crypto11.Context, params Params) (*token, error) {
	if params.PublicKey != nil {
		return findPrivate(context, params)
	}
	var found []crypto11.Signer
	var err error
	if params.PrivateKeyLabel == "" {
		found, err = context.FindAllKeyPairs()
	} else {
		found, err = context.FindKeyPairs(nil, []byte(params.PrivateKeyLabel))
	}
	if err != nil {
		return nil, fmt.Errorf("evercreds/pkcs11: the token's keys cannot be read: %w", err)
	}
	if len(found) != 1 {
		return nil, notOne(len(found), "key pair")
	}
	return &token{context: context, key: found[0], public: found[0].Public()}, nil
}

// findPrivate finds a key of which the token has the private half alone.
func findPrivate(context *crypto11.Context, params Params) (*token, error) {
	wanted := crypto11.NewAttributeSet()
	if params.PrivateKeyLabel != "" {
		if err := wanted.Set(crypto11.CkaLabel, []byte(params.PrivateKeyLabel)); err != nil {
			return nil, refused("PrivateKeyLabel", "must be a label")
		}
	}
	found, err := context.FindPrivateKeysWithAttributes(wanted)
	if err != nil {
		return nil, fmt.Errorf("evercreds/pkcs11: the token's keys cannot be read: %w", err)
	}
	if len(found) != 1 {
		return nil, notOne(len(found), "private key")
	}
	return &token{context: context, key: found[0], public: params.PublicKey}, nil
}

func notOne(found int, what string) error {
	return refused("PrivateKeyLabel", fmt.Sprintf("must name one %s in the token; there are %d", what, found))
}
