package sharetest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/evercreds/evercreds/share"
)

// entryOrNone is an entry, or null: there must be none. A case that does not name it
// compares nothing.
type entryOrNone struct {
	*entry
	named bool
}

// UnmarshalJSON is called for null too.
func (e *entryOrNone) UnmarshalJSON(text []byte) error {
	e.named = true
	return json.Unmarshal(text, &e.entry)
}

func (e entryOrNone) of(got share.Entry) string {
	if !e.named {
		return ""
	}
	var w share.Entry
	if e.entry != nil {
		w = e.shared()
	}
	if got.Generation != w.Generation || got.Fingerprint != w.Fingerprint || got.ExpiryMS != w.ExpiryMS || !bytes.Equal(got.Sealed, w.Sealed) {
		return fmt.Sprintf("the entry is %s, not %s", told(got), told(w))
	}
	return ""
}

func told(e share.Entry) string {
	return fmt.Sprintf("{generation %d, fingerprint %016x, expiry_ms %d, %d bytes}", e.Generation, e.Fingerprint, e.ExpiryMS, len(e.Sealed))
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

func failed(err error) string {
	if err != nil {
		return "it failed: " + err.Error()
	}
	return ""
}

func differ[T comparable](what string, got T, want *T) string {
	if want != nil && got != *want {
		return fmt.Sprintf("%s: got %v, want %v", what, got, *want)
	}
	return ""
}
