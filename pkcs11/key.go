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

// Key is a private key in a token. It is a crypto.Signer, safe for concurrent use;
// close it after the sessions that use it.
type Key struct {
	mu     sync.RWMutex // held for writing to close: no signature may be under way then
	token  *crypto11.Context
	signer signer
	public crypto.PublicKey
	closed bool
}

type signer interface {
	Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error)
}

// ErrClosed is the error of a [Key] that has been closed.
var ErrClosed = errors.New("evercreds/pkcs11: the key is closed")

// Open loads the library, logs in and finds the key. It tries the PIN once: tokens
// lock themselves after a few wrong ones.
//
// Its errors are [*evercreds.ParameterError], which names the parameter, or tell
// what the token answered. None has the PIN in it.
func Open(params Params) (*Key, error) {
	config, err := params.config()
	if err != nil {
		return nil, err
	}
	token, err := crypto11.Configure(config)
	if err != nil {
		return nil, openError(err, params)
	}
	key, err := find(token, params)
	if err != nil {
		_ = token.Close()
		return nil, err
	}
	return key, nil
}

// openError says which parameter was wrong, where that can be told.
func openError(err error, params Params) error {
	var code pkcs11.Error
	if errors.As(err, &code) {
		switch code {
		case pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE:
			return refused("PIN", "must be the user's PIN of the token, which refused it")
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

func find(token *crypto11.Context, params Params) (*Key, error) {
	if params.PublicKey != nil {
		return findPrivate(token, params)
	}
	var found []crypto11.Signer
	var err error
	if params.PrivateKeyLabel == "" {
		found, err = token.FindAllKeyPairs()
	} else {
		found, err = token.FindKeyPairs(nil, []byte(params.PrivateKeyLabel))
	}
	if err != nil {
		return nil, fmt.Errorf("evercreds/pkcs11: the token's keys cannot be read: %w", err)
	}
	if len(found) != 1 {
		return nil, notOne(len(found), "key pair")
	}
	return &Key{token: token, signer: found[0], public: found[0].Public()}, nil
}

// findPrivate finds a key of which the token has the private half alone.
func findPrivate(token *crypto11.Context, params Params) (*Key, error) {
	wanted := crypto11.NewAttributeSet()
	if params.PrivateKeyLabel != "" {
		if err := wanted.Set(crypto11.CkaLabel, []byte(params.PrivateKeyLabel)); err != nil {
			return nil, refused("PrivateKeyLabel", "must be a label")
		}
	}
	found, err := token.FindPrivateKeysWithAttributes(wanted)
	if err != nil {
		return nil, fmt.Errorf("evercreds/pkcs11: the token's keys cannot be read: %w", err)
	}
	if len(found) != 1 {
		return nil, notOne(len(found), "private key")
	}
	return &Key{token: token, signer: found[0], public: params.PublicKey}, nil
}

func notOne(found int, what string) error {
	return refused("PrivateKeyLabel", fmt.Sprintf("must name one %s in the token; there are %d", what, found))
}

// Public is the key's public half.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Sign has the token sign a digest.
func (k *Key) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.closed {
		return nil, ErrClosed
	}
	return k.signer.Sign(rand, digest, opts)
}

// Close logs out and lets go of the token, after the signature that is under way.
// Closing again does nothing.
func (k *Key) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.closed = true
	return k.token.Close()
}

// String shows nothing of the key.
func (k *Key) String() string { return "pkcs11.Key" }

// Format prints String for every verb: the token's PIN is among the fields.
func (k *Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }
