package pkcs11

import (
	"crypto"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/evercreds/evercreds"
)

// Params say where a private key is, and what opens it. Library is required. If TokenLabel
// and SlotID fit more than one token, Open uses none, and shows none the PIN.
type Params struct {
	// Library is the path of the token's PKCS#11 library.
	Library string
	// TokenLabel is the label of the token. Default: any, if there is but one.
	TokenLabel string
	// SlotID is the token's slot, for tokens whose labels are not unique. Default: any.
	SlotID *uint32
	// PIN is the user's PIN. Default: none is sent, for a token that needs no login, that
	// asks on a pad of its own (CKF_PROTECTED_AUTHENTICATION_PATH), or to which other code
	// of this process is logged in.
	PIN string
	// PrivateKeyLabel is the key's label. Default: the token's only key.
	PrivateKeyLabel string
	// PublicKey is the public key. Default: the token's public key or certificate of that
	// label. It is required if the token has neither.
	PublicKey crypto.PublicKey
}

// String returns the path of the library, and never the PIN.
func (p Params) String() string { return fmt.Sprintf("pkcs11.Params(%q)", p.Library) }

// Format prints String for every verb, so that none shows the PIN.
func (p Params) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.String())) }

// MarshalText returns String, so that JSON and log handlers do not show the PIN.
func (p Params) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// poolWait bounds the wait for a session of the token's: they are few, and whoever
// hangs in one must not keep all others for ever.
const poolWait = 10 * time.Second

// ErrClosed is the error of a [Key] that was closed.
var ErrClosed = errors.New("evercreds/pkcs11: the key is closed")

// check refuses bad parameters, and gives the library's one true path: a process
// may initialize a library but once, and crypto11 knows it by its path.
func (p Params) check() (library string, err error) {
	library, err = filepath.Abs(p.Library)
	if err == nil && p.Library != "" {
		library, err = filepath.EvalSymlinks(library)
	}
	info, failed := os.Stat(library)
	switch {
	case err != nil || failed != nil || info.IsDir():
		return "", refused("Library", "must be the path of a PKCS#11 library that exists")
	}
	return library, nil
}

func refused(parameter, expected string) error {
	return &evercreds.ParameterError{Parameter: parameter, Expected: expected}
}
