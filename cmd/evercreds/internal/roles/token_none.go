//go:build !(pkcs11 && cgo && linux)

package roles

import (
	"crypto"
	"io"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// open refuses: a token's library needs cgo, which this program is built without.
func (p *PKCS11) open() (crypto.Signer, io.Closer, error) {
	return nil, nil, problem.Config.New("iot.pkcs11: this is evercreds without PKCS#11; use evercreds-pkcs11, which is there for Linux")
}
