//go:build !cgo

package pkcs11

import (
	"crypto"
	"errors"
	"io"
)

// Key is a private key in a token. Without cgo there is none: see [Open].
type Key struct{}

var errNoCgo = errors.New("evercreds/pkcs11: this program was built without cgo, which PKCS#11 needs (CGO_ENABLED=1, and a C compiler)")

// Open fails in a program that was built without cgo, so that programs which can do
// without tokens are still built.
func Open(params Params) (*Key, error) {
	if _, err := params.check(); err != nil {
		return nil, err
	}
	return nil, errNoCgo
}

// Public is nil.
func (*Key) Public() crypto.PublicKey { return nil }

// Sign fails.
func (*Key) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, errNoCgo }

// Close does nothing.
func (*Key) Close() error { return nil }
