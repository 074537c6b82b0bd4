//go:build cgo

package pkcs11

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/miekg/pkcs11"
)

// Key is a private key in a token. It is a crypto.Signer and safe for concurrent use.
// Close it after the sessions that use it.
type Key struct {
	params  Params
	public  crypto.PublicKey
	library *library

	mu     sync.RWMutex // held for writing to open and close: no signature may be under way then
	token  *token       // nil: it was lost
	closed bool
}

// Open loads the library, logs in and finds the key. It shows a token no PIN that the
// token has refused before in this process, whichever Key that was for: tokens lock
// themselves after a few wrong ones. If another Key of this process is logged in to the
// token, the token does not check the PIN.
//
// Open returns a [*evercreds.ParameterError] if a parameter is wrong or names no token or
// key, and otherwise an error with the token's answer. No error contains the PIN.
func Open(params Params) (*Key, error) {
	opened, err := openToken(params)
	if err != nil {
		return nil, err
	}
	return &Key{params: params, public: opened.public, library: opened.library, token: opened}, nil
}

// Public returns the public key.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Sign has the token sign a digest. If the token has forgotten this process, since it was
// taken out, reset or asleep, Sign logs in again and tries once more. It returns
// [ErrClosed] after Close, and otherwise an error with the token's answer.
func (k *Key) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	signature, with, err := k.sign(rand, digest, opts)
	if !lost(err) {
		return signature, err
	}
	if err := k.reopen(with); err != nil {
		return nil, err
	}
	signature, _, err = k.sign(rand, digest, opts)
	return signature, err
}

var errLost = errors.New("evercreds/pkcs11: the token was lost")

func (k *Key) sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, *token, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	switch {
	case k.closed:
		return nil, nil, ErrClosed
	case k.token == nil:
		return nil, nil, errLost
	}
	k.token.library.use.RLock()
	defer k.token.library.use.RUnlock()
	if k.token.gone() {
		return nil, k.token, errLost
	}
	signature, err := k.token.key.Sign(rand, digest, opts)
	if err != nil {
		err = fmt.Errorf("evercreds/pkcs11: %s did not sign: %w", k.token.place, err)
	}
	return signature, k.token, err
}

// lost tells whether to log in again can help.
func lost(err error) bool {
	var code pkcs11.Error
	return err == errLost || errors.As(err, &code) && slices.Contains([]pkcs11.Error{
		pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_USER_NOT_LOGGED_IN,
		pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_KEY_HANDLE_INVALID, pkcs11.CKR_SLOT_ID_INVALID,
		pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_TOKEN_NOT_RECOGNIZED,
		pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED,
		pkcs11.CKR_GENERAL_ERROR, pkcs11.CKR_FUNCTION_FAILED, // what many say of all of these
	}, code)
}

// reopen puts a new login in the place of one that was lost, unless another caller
// has done so.
func (k *Key) reopen(old *token) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.closed:
		return ErrClosed
	case k.token != old:
		return nil
	}
	k.token = nil
	opened, err := reopenToken(k.library, k.params, old)
	if err != nil {
		return err
	}
	if same, ok := k.public.(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(opened.public) {
		opened.leave()
		return fmt.Errorf("evercreds/pkcs11: %s has another key now", opened.place)
	}
	k.token = opened
	return nil
}

// Close waits for the signatures under way, logs out and releases the token. Closing again
// does nothing.
func (k *Key) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed || k.token == nil {
		k.closed = true
		return nil
	}
	k.closed = true
	k.token.leave()
	return nil
}

// String names the type, and shows nothing of the key.
func (k *Key) String() string { return "pkcs11.Key" }

// Format prints String for every verb, so that none shows the PIN.
func (k *Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }
