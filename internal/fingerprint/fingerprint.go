// Package fingerprint has the hash by which machine and stores know a set.
package fingerprint

import (
	"crypto/sha256"
	"encoding/binary"
)

// Of returns the first eight bytes, big endian, of SHA-256 over access key, a zero byte
// and session token.
func Of(accessKeyID, sessionToken string) uint64 {
	sum := sha256.Sum256([]byte(accessKeyID + "\x00" + sessionToken))
	return binary.BigEndian.Uint64(sum[:8])
}
