package sealing

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"unicode/utf8"

	"github.com/evercreds/evercreds/internal/fingerprint"
)

// Set is what an entry seals. It shows nothing of itself.
type Set struct {
	AccessKey, SecretKey, Token, Account, SourceIdentity string
}

// Fingerprint is by what machine and stores know the set.
func (s Set) Fingerprint() uint64 { return fingerprint.Of(s.AccessKey, s.Token) }

// String says that there is something.
func (s Set) String() string { return "Set(redacted)" }

// Format prints String for every verb.
func (s Set) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText is String, for JSON and log handlers.
func (s Set) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is String, for log/slog.
func (s Set) LogValue() slog.Value { return slog.StringValue(s.String()) }

// SealSet seals a set for one store key. The fingerprint of h is made of the set, and what
// a notice alone has is left out.
func (r *Ring) SealSet(storeKey string, h Header, s Set) ([]byte, error) {
	return r.sealSet(storeKey, h, s, newNonce())
}

func (r *Ring) sealSet(storeKey string, h Header, s Set, nonce []byte) ([]byte, error) {
	body, err := Canonical(map[string]any{
		"access_key": s.AccessKey, "secret_key": s.SecretKey, "token": s.Token,
		"account": s.Account, "source_identity": s.SourceIdentity,
	})
	if err != nil {
		return nil, err
	}
	h.Fingerprint, h.Notice, h.NoticeMS, h.IsNotice = s.Fingerprint(), 0, 0, false
	return r.seal(storeKey, h, []byte(body), nonce)
}

// SealNotice seals a notice for one store key: the class of a failure plus 16 times the
// failures in a row, and how long it counts.
func (r *Ring) SealNotice(storeKey string, notice, lengthMS uint32) ([]byte, error) {
	return r.sealNotice(storeKey, notice, lengthMS, newNonce())
}

func (r *Ring) sealNotice(storeKey string, notice, lengthMS uint32, nonce []byte) ([]byte, error) {
	return r.seal(storeKey, Header{IsNotice: true, Notice: notice, NoticeMS: lengthMS}, []byte("{}"), nonce)
}

func newNonce() []byte {
	nonce := make([]byte, nonceBytes)
	_, _ = rand.Read(nonce) // it never fails
	return nonce
}

func (r *Ring) seal(storeKey string, h Header, body, nonce []byte) ([]byte, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	first := r.all[0]
	head := h.bytes(first.id)
	// The length of a token is not told but in steps.
	body = append(body, bytes.Repeat([]byte(" "), (bodyUnit-len(body)%bodyUnit)%bodyUnit)...)
	if size := headBytes + nonceBytes + len(body) + tagBytes; size > maxBytes {
		return nil, fmt.Errorf("the set must fit into an entry of %d bytes; it has %d", maxBytes, size)
	}
	out := append(append(make([]byte, 0, maxBytes), head...), nonce...)
	return first.seal.Seal(out, nonce, body, append(head, storeKey...)), nil
}

// OpenSet opens the entry that a store has under a key, with the fields beside it. Its
// error wraps [ErrJunk] or [ErrForeign].
func (r *Ring) OpenSet(storeKey string, sealed []byte, generation int64, print uint64, expiryMS int64) (Header, Set, error) {
	var set Set
	h, body, err := r.open(storeKey, sealed, false)
	if err != nil {
		return Header{}, set, err
	}
	if h.Generation != generation || h.Fingerprint != print || h.ExpiryMS != expiryMS {
		return Header{}, set, junk("the fields beside it are others")
	}
	if set, err = readSet(body); err != nil {
		return Header{}, Set{}, err
	}
	if set.Fingerprint() != h.Fingerprint {
		return Header{}, Set{}, junk("its fingerprint is another set's")
	}
	return h, set, nil
}

// OpenNotice opens a notice: what it says, and how long it was to count. Its error wraps
// [ErrJunk] or [ErrForeign].
func (r *Ring) OpenNotice(storeKey string, sealed []byte) (notice, lengthMS uint32, err error) {
	h, _, err := r.open(storeKey, sealed, true)
	return h.Notice, h.NoticeMS, err
}

func (r *Ring) open(storeKey string, sealed []byte, isNotice bool) (Header, []byte, error) {
	h, id, err := readHeader(sealed)
	if err != nil {
		return Header{}, nil, err
	}
	key := r.find(id)
	switch {
	case key == nil:
		return Header{}, nil, fmt.Errorf("%w: its key is unknown", ErrForeign)
	case h.IsNotice != isNotice:
		return Header{}, nil, junk("its kind is another")
	}
	if err := h.check(); err != nil {
		return Header{}, nil, err
	}
	head, nonce := sealed[:headBytes], sealed[headBytes:headBytes+nonceBytes]
	body, err := key.seal.Open(nil, nonce, sealed[headBytes+nonceBytes:], append(bytes.Clone(head), storeKey...))
	if err != nil {
		return Header{}, nil, junk("its tag is wrong")
	}
	return h, body, nil
}

// readSet reads a body: an object with five strings. Members that it does not know are a
// newer program's.
func readSet(body []byte) (Set, error) {
	var got map[string]any
	if !utf8.Valid(body) || json.Unmarshal(body, &got) != nil {
		return Set{}, junk("its body is no JSON object")
	}
	var s Set
	for name, field := range map[string]*string{
		"access_key": &s.AccessKey, "secret_key": &s.SecretKey, "token": &s.Token,
		"account": &s.Account, "source_identity": &s.SourceIdentity,
	} {
		text, ok := got[name].(string)
		if !ok {
			return Set{}, junk("its body lacks a field")
		}
		*field = text
	}
	return s, nil
}
