package sealing

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// KeyBytes is the length of a data key.
const KeyBytes = 32

const salt = "evercreds share 1"

// KeyID names a data key in what it has sealed.
type KeyID [8]byte

// derived is what comes from one data key.
type derived struct {
	id         KeyID
	seal       cipher.AEAD
	name, mark []byte
}

// Ring is a list of data keys: the first seals, all open. One of them, or another, makes
// store keys and marks. It is read only.
type Ring struct {
	all   []*derived
	named *derived
}

// NewRing derives the keys. nameKey may be nil: the last of the list makes the names.
// Its errors begin with the name of the parameter.
func NewRing(keys [][]byte, nameKey []byte) (*Ring, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("share_key must be at least one key of %d bytes; got none", KeyBytes)
	}
	r := &Ring{}
	for i, key := range keys {
		d, err := derive("share_key", key)
		if err != nil {
			return nil, err
		}
		for j, other := range r.all {
			if other.id == d.id {
				return nil, fmt.Errorf("share_key must have different keys; got the same one as number %d and %d", j+1, i+1)
			}
		}
		r.all = append(r.all, d)
	}
	r.named = r.all[len(r.all)-1]
	if nameKey != nil {
		d, err := derive("share_name_key", nameKey)
		if err != nil {
			return nil, err
		}
		r.named = d
	}
	return r, nil
}

func derive(parameter string, key []byte) (*derived, error) {
	if len(key) != KeyBytes {
		return nil, fmt.Errorf("%s must be keys of %d bytes; got one of %d", parameter, KeyBytes, len(key))
	}
	d := &derived{}
	part := func(info string, length int) []byte { return hkdfOf(key, info, length) }
	d.name, d.mark = part("name", KeyBytes), part("mark", KeyBytes)
	copy(d.id[:], part("id", len(d.id)))
	block, err := aes.NewCipher(part("seal", KeyBytes))
	if err != nil {
		return nil, err
	}
	d.seal, err = cipher.NewGCM(block)
	return d, err
}

func hkdfOf(key []byte, info string, length int) []byte {
	// It fails for lengths alone that are none of ours.
	out, err := hkdf.Key(sha256.New, key, []byte(salt), info, length)
	if err != nil {
		panic(err)
	}
	return out
}

// find returns the key of that name, or nil.
func (r *Ring) find(id KeyID) *derived {
	for _, d := range r.all {
		if d.id == id {
			return d
		}
	}
	return nil
}

// Mark is what a store remembers of a one-time code that was sent.
func (r *Ring) Mark(serial, code string) string {
	return hex.EncodeToString(mac(r.named.mark, serial+"\x00"+code))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// String shows nothing of the keys.
func (r Ring) String() string { return "Ring(redacted)" }

// Format prints String for every verb.
func (r Ring) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(r.String())) }
