//go:build cgo

package pkcs11

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"sync"

	"github.com/miekg/pkcs11"
)

// A token locks itself for good after a few wrong PINs, so that one which it refused
// is not shown to it again by this process, whichever Key it is for.
var refusals = struct {
	sync.Mutex
	salt [sha256.Size]byte // zero: none is known yet
	of   map[refusal]pkcs11.Error
}{of: map[refusal]pkcs11.Error{}}

// refusal is a PIN, as a hash, and the token that refused it, wherever that is put in.
type refusal struct {
	library, label, serial string
	pin                    [sha256.Size]byte
}

// refusalOf must be called with the lock of refusals.
func refusalOf(p *place, pin string) refusal {
	if refusals.salt == ([sha256.Size]byte{}) {
		_, _ = rand.Read(refusals.salt[:]) // never fails
	}
	hash := hmac.New(sha256.New, refusals.salt[:])
	_, _ = hash.Write([]byte(pin))
	return refusal{p.library.path, p.label, p.serial, [sha256.Size]byte(hash.Sum(nil))}
}

// refusedBefore gives what the token said to this PIN. "" is a PIN too: that a pad asks for.
func refusedBefore(p *place, pin string) (code pkcs11.Error, known bool) {
	refusals.Lock()
	defer refusals.Unlock()
	code, known = refusals.of[refusalOf(p, pin)]
	return code, known
}

func rememberRefusal(p *place, pin string, code pkcs11.Error) {
	refusals.Lock()
	defer refusals.Unlock()
	refusals.of[refusalOf(p, pin)] = code
}
