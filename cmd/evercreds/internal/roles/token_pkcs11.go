//go:build pkcs11 && cgo && linux

package roles

import (
	"crypto"
	"io"
	"os"
	"strings"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/pkcs11"
)

// open finds the key in its token.
func (p *PKCS11) open() (crypto.Signer, io.Closer, error) {
	params := pkcs11.Params{Library: p.Library, TokenLabel: p.TokenLabel, PrivateKeyLabel: p.PrivateKeyLabel}
	if p.SlotID != nil {
		slot := uint32(*p.SlotID)
		params.SlotID = &slot
	}
	if p.PINFile != "" {
		pin, err := os.ReadFile(p.PINFile)
		if err != nil {
			return nil, nil, problem.Config.New("iot.pkcs11.pin_file: %v", err)
		}
		params.PIN = strings.TrimRight(string(pin), "\r\n")
	}
	key, err := pkcs11.Open(params)
	if err != nil {
		return nil, nil, problem.Config.New("iot.pkcs11: %v", err)
	}
	return key, key, nil
}
