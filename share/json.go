package share

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
)

const recordFormat = 1

// written is the JSON of a record. Engines with fields of their own use the same names.
type written struct {
	Format       int    `json:"format"`
	Number       int64  `json:"number"`
	Owner        string `json:"owner"`
	TurnEndsMS   int64  `json:"turn_ends_ms"`
	Entry        []byte `json:"entry"`
	Generation   int64  `json:"generation"`
	Fingerprint  string `json:"fingerprint"`
	ExpiryMS     int64  `json:"expiry_ms"`
	Notice       []byte `json:"notice"`
	NoticeEndsMS int64  `json:"notice_ends_ms"`
}

func (f fields) written() written {
	none := []byte{} // nil would be null
	return written{
		Format: recordFormat, Number: f.number, Owner: f.owner, TurnEndsMS: f.turnEndsMS,
		Entry: append(none, f.entry.Sealed...), Generation: f.entry.Generation,
		Fingerprint: fmt.Sprintf("%016x", f.entry.Fingerprint), ExpiryMS: f.entry.ExpiryMS,
		Notice: append(none, f.notice...), NoticeEndsMS: f.noticeEndsMS,
	}
}

// object is a JSON object whose fields are read one by one: one that is wrong does not
// spoil the others.
type object map[string]json.RawMessage

// readObject returns nil for what is no record of this format.
func readObject(data []byte) object {
	var o object
	if json.Unmarshal(data, &o) != nil || string(o["format"]) != strconv.Itoa(recordFormat) {
		return nil
	}
	return o
}

// fields are those of the contract.
func (o object) fields() fields {
	f := fields{
		number: o.integer("number"), owner: o.text("owner"), turnEndsMS: o.integer("turn_ends_ms"),
		entry:  Entry{Sealed: o.bytes("entry"), Generation: o.integer("generation"), ExpiryMS: o.integer("expiry_ms")},
		notice: o.bytes("notice"), noticeEndsMS: o.integer("notice_ends_ms"),
	}
	print := o.text("fingerprint")
	var err error
	if f.entry.Fingerprint, err = strconv.ParseUint(print, 16, 64); err != nil || !isHex(print, 16) {
		f.entry.Generation = wrong
	}
	return f.sound()
}

// wrong stands for an integer that does not parse.
const wrong = -1

func (o object) integer(name string) int64 {
	raw, ok := o[name]
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(string(raw), 10, 63)
	if err != nil {
		return wrong
	}
	return int64(n)
}

// text is a string; anything else is no text that passes for one.
func (o object) text(name string) string {
	var s string
	if raw, ok := o[name]; ok && (json.Unmarshal(raw, &s) != nil || raw[0] != '"') {
		return "?"
	}
	return s
}

func (o object) bytes(name string) []byte {
	b, err := base64.StdEncoding.Strict().DecodeString(o.text(name))
	if err != nil {
		return nil
	}
	return b
}
