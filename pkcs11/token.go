//go:build cgo

package pkcs11

import (
	"crypto"
	"errors"
	"fmt"
	"io"

	"github.com/ThalesGroup/crypto11"
	"github.com/miekg/pkcs11"
)

// token is a login, and the key that was found by it.
type token struct {
	context *crypto11.Context
	key     signer
	public  crypto.PublicKey
}

type signer interface {
	Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

func openToken(params Params) (*token, error) {
	config, err := params.config()
	if err != nil {
		return nil, err
	}
	context, err := crypto11.Configure(config)
	if err != nil {
		return nil, openError(err, params)
	}
	found, err := find(context, params)
	if err != nil {
		_ = context.Close()
		return nil, err
	}
	return found, nil
}

// config checks the parameters and makes crypto11's of them.
func (p Params) config() (*crypto11.Config, error) {
	library, err := p.check()
	if err != nil {
		return nil, err
	}
	c := &crypto11.Config{
		Path: library, TokenLabel: p.TokenLabel,
		Pin: p.PIN, LoginNotSupported: p.PIN == "",
		PoolWaitTimeout: poolWait,
	}
	if p.SlotID != nil {
		slot := int(*p.SlotID)
		c.SlotNumber = &slot
	}
	return c, nil
}

// openError says which parameter was wrong, where that can be told.
func openError(err error, params Params) error {
	var code pkcs11.Error
	if errors.As(err, &code) {
		switch code {
		case pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE:
			return refused("PIN", "must be the user's PIN of the token, which refused it")
		case pkcs11.CKR_PIN_EXPIRED:
			return refused("PIN", "must be changed: it has expired")
		case pkcs11.CKR_PIN_LOCKED:
			return refused("PIN", "must not have been wrong too often: the token has locked it")
		case pkcs11.CKR_USER_PIN_NOT_INITIALIZED:
			return refused("PIN", "must have been set: the token has no PIN for its user yet")
		}
		return fmt.Errorf("evercreds/pkcs11: the token cannot be opened: %w", code)
	}
	// crypto11 has texts for the rest, and no values to compare with
	switch errors.Unwrap(err) {
	case nil:
		if params.SlotID != nil {
			return refused("SlotID", "must be a slot with a token in it")
		}
		return refused("TokenLabel", "must be the label of a token that is there")
	default:
		return refused("Library", "must be a PKCS#11 library that can be loaded")
	}
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
	return &token{context, found[0], found[0].Public()}, nil
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
	return &token{context, found[0], params.PublicKey}, nil
}

func notOne(found int, what string) error {
	return refused("PrivateKeyLabel", fmt.Sprintf("must name one %s in the token; there are %d", what, found))
}
