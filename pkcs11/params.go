package pkcs11

import (
	"crypto"
	"fmt"
	"os"
	"time"

	"github.com/ThalesGroup/crypto11"

	"github.com/evercreds/evercreds"
)

// Params say where a private key is, and what opens it. Library and one of
// TokenLabel and SlotID are required.
type Params struct {
	// Library is the path of the token's PKCS#11 library.
	Library string
	// TokenLabel is the label of the token.
	TokenLabel string
	// SlotID is the slot that the token is in, for those whose labels are not
	// unique.
	SlotID *uint32
	// PIN is the user's PIN. Default: none, and no login.
	PIN string
	// PrivateKeyLabel is the key's label. Default: the only key that there is.
	PrivateKeyLabel string
	// PublicKey is the key's public half. Default: what the token has, which may
	// also be a certificate of that label. It must be given where the token has
	// neither.
	PublicKey crypto.PublicKey
}

// String tells the library, and never the PIN.
func (p Params) String() string { return fmt.Sprintf("pkcs11.Params(%q)", p.Library) }

// Format prints String for every verb.
func (p Params) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.String())) }

// MarshalText is String, for JSON and log handlers.
func (p Params) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// poolWait bounds the wait for a session of the token's: they are few, and whoever
// hangs in one must not keep all others for ever.
const poolWait = 10 * time.Second

// config checks the parameters and makes crypto11's of them.
func (p Params) config() (*crypto11.Config, error) {
	info, err := os.Stat(p.Library)
	switch {
	case err != nil || info.IsDir():
		return nil, refused("Library", "must be the path of a PKCS#11 library that exists")
	case (p.TokenLabel == "") == (p.SlotID == nil):
		return nil, refused("TokenLabel", "must be given, or else SlotID, and not both")
	}
	c := &crypto11.Config{
		Path: p.Library, TokenLabel: p.TokenLabel,
		Pin: p.PIN, LoginNotSupported: p.PIN == "",
		PoolWaitTimeout: poolWait,
	}
	if p.SlotID != nil {
		slot := int(*p.SlotID)
		c.SlotNumber = &slot
	}
	return c, nil
}

func refused(parameter, expected string) error {
	return &evercreds.ParameterError{Parameter: parameter, Expected: expected}
}
