// Package leaks finds what a secret has left behind: in a text, in memory, in what
// a value shows of itself, and in what can be reached from one. It is for tests.
package leaks

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// pieceBytes is how much of a secret counts as a trace of it, wherever in the
// secret that stands. A shorter secret, as a one-time code, counts as a whole.
const pieceBytes = 12

// Secrets are what must be nowhere, by the names under which a test tells of them.
type Secrets map[string]string

// Finder looks for secrets: as they are, in UTF-16, hexadecimal and Base64, and as
// the list of numbers that fmt makes of bytes. It is safe for concurrent use.
type Finder struct {
	byStart map[uint32][]piece
	begins  [1 << 16]bool // most of a memory is told apart by two bytes
}

type piece struct {
	bytes []byte
	told  string
	alone bool // no digit stands beside it
}

// Find makes a finder. It panics on a secret of less than six bytes, which would
// be found by chance.
func Find(secrets Secrets) *Finder {
	f := &Finder{byStart: map[uint32][]piece{}}
	for name, secret := range secrets {
		if len(secret) < 6 {
			panic("leaks: " + name + " is too short to look for")
		}
		f.add(name+", as it is", windows([]byte(secret), pieceBytes))
		f.add(name+", in UTF-16", windows(wide(secret), 2*pieceBytes))
		f.add(name+", in hexadecimal", windows([]byte(hex.EncodeToString([]byte(secret))), 2*pieceBytes))
		f.add(name+", in numbers", numbers([]byte(secret)))
		// what stands in front decides how the bytes look, and what follows how
		// the last ones do
		for _, ahead := range []int{0, 1, 2} {
			whole := secret[ahead : len(secret)-(len(secret)-ahead)%3]
			if text := base64.RawStdEncoding.EncodeToString([]byte(whole)); len(text) >= 8 {
				f.add(name+", in Base64", windows([]byte(text), pieceBytes))
			}
		}
	}
	return f
}

func (f *Finder) add(told string, pieces [][]byte) {
	for _, b := range pieces {
		start := binary.LittleEndian.Uint32(b)
		f.byStart[start] = append(f.byStart[start], piece{b, told, len(pieces) == 1 && isNumber(b)})
		f.begins[uint16(start)] = true
	}
}

// isNumber tells of a one-time code, which parts of a long number, such as an instant
// in nanoseconds, are by chance.
func isNumber(b []byte) bool { return len(bytes.Trim(b, "0123456789")) == 0 }

// windows are all parts of a length, or all of it where there is no more.
func windows(b []byte, length int) (all [][]byte) {
	length = min(length, len(b))
	for at := 0; at+length <= len(b); at++ {
		all = append(all, b[at:at+length])
	}
	return all
}

func wide(text string) (b []byte) {
	for _, unit := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

// numbers are the windows as fmt prints bytes, in any part of a list.
func numbers(b []byte) (all [][]byte) {
	for _, part := range windows(b, pieceBytes) {
		all = append(all, []byte(strings.Trim(fmt.Sprint(part), "[]")))
	}
	return all
}

// In tells which secrets have left a trace in bytes, and in which form.
func (f *Finder) In(b []byte) []string {
	found := map[string]bool{}
	for at := 0; at+4 <= len(b); at++ {
		if !f.begins[uint16(b[at])|uint16(b[at+1])<<8] {
			continue
		}
		for _, p := range f.byStart[binary.LittleEndian.Uint32(b[at:])] {
			if bytes.HasPrefix(b[at:], p.bytes) && !(p.alone && digitBeside(b, at, at+len(p.bytes))) {
				found[p.told] = true
			}
		}
	}
	told := []string{}
	for each := range found {
		told = append(told, each)
	}
	slices.Sort(told)
	return told
}

func digitBeside(b []byte, from, to int) bool {
	return from > 0 && isNumber(b[from-1:from]) || to < len(b) && isNumber(b[to:to+1])
}
