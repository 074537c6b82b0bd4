package sealing

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Header is what stands before a sealed body, and cannot be changed without its key. All
// times are in milliseconds.
type Header struct {
	Generation  int64  // below 2^52
	Fingerprint uint64 // of the set
	Replaces    uint64 // of the refused set in whose place this was fetched, or 0
	ExpiryMS    int64  // as the source wrote it; Never: the set has no end
	EndsMS      int64  // the same instant on the store's clock, or 0
	LifeMS      int64  // the whole lifetime of the set
	Notice      uint32 // of a notice: its class, plus 16 times the failures in a row
	NoticeMS    uint32 // of a notice: its length
	IsNotice    bool
}

// Never is the instant that does not come, in all languages. No time is above it.
const Never = 1 << 52

// generations end below this one.
const generations = 1 << 52

const (
	magic      = "EVCS"
	format     = 1
	headBytes  = 72
	nonceBytes = 12
	tagBytes   = 16
	bodyUnit   = 256
	maxBytes   = 8 << 10
)

// What is no entry is one of these.
var (
	// ErrJunk is wrapped by the error of what does not open. Who publishes names it as junk.
	ErrJunk = errors.New("the entry does not open")
	// ErrForeign is wrapped by the error of what another key has sealed, or a newer format is.
	// That is no junk: a flight that meets it goes alone, and is not published.
	ErrForeign = errors.New("the entry is another's")
)

func junk(why string) error { return fmt.Errorf("%w: %s", ErrJunk, why) }

func (h Header) bytes(id KeyID) []byte {
	b := make([]byte, 0, headBytes)
	b = append(b, magic...)
	kind := byte(0)
	if h.IsNotice {
		kind = 1
	}
	b = append(b, format, kind, 0, 0)
	b = append(b, id[:]...)
	for _, v := range []uint64{uint64(h.Generation), h.Fingerprint, h.Replaces, uint64(h.ExpiryMS), uint64(h.EndsMS), uint64(h.LifeMS)} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	b = binary.BigEndian.AppendUint32(b, h.Notice)
	return binary.BigEndian.AppendUint32(b, h.NoticeMS)
}

// check tells what no writer may have written.
func (h Header) check() error {
	switch {
	case h.Generation < 0 || h.Generation >= generations:
		return junk("its generation is out of range")
	case h.ExpiryMS < 0 || h.ExpiryMS > Never || h.EndsMS < 0 || h.EndsMS > Never || h.LifeMS < 0 || h.LifeMS > Never:
		return junk("one of its times is out of range")
	}
	return nil
}

// readHeader reads the header of b, whose length and beginning it checks first.
func readHeader(b []byte) (Header, KeyID, error) {
	var h Header
	var id KeyID
	switch {
	case len(b) > maxBytes:
		return h, id, junk("it is longer than 8 KiB")
	case len(b) < 5 || string(b[:4]) != magic:
		return h, id, junk("it does not begin as one")
	case b[4] > format:
		return h, id, fmt.Errorf("%w: its format is newer", ErrForeign)
	case b[4] != format, len(b) < headBytes+nonceBytes+bodyUnit+tagBytes, (len(b)-headBytes-nonceBytes-tagBytes)%bodyUnit != 0:
		return h, id, junk("it has a wrong length or format")
	case b[5] > 1 || b[6] != 0 || b[7] != 0:
		return h, id, junk("its kind is unknown")
	}
	copy(id[:], b[8:])
	u := func(at int) uint64 { return binary.BigEndian.Uint64(b[at:]) }
	h = Header{
		IsNotice: b[5] == 1, Generation: int64(u(16)), Fingerprint: u(24), Replaces: u(32),
		ExpiryMS: int64(u(40)), EndsMS: int64(u(48)), LifeMS: int64(u(56)),
		Notice: binary.BigEndian.Uint32(b[64:]), NoticeMS: binary.BigEndian.Uint32(b[68:]),
	}
	return h, id, nil
}
