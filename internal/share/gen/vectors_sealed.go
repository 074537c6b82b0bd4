package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	storeKey = "evercreds1:00112233445566778899aabbccddeeff"
	never    = 1 << 52
)

// sealed has the parts of an entry, which a vector may spoil.
type sealed struct {
	magic              string
	format, kind       byte
	zero               uint16
	key                []byte // the data key
	generation         uint64
	print, replaces    uint64
	expiry, ends, life uint64
	notice, noticeMS   uint32
	nonce              []byte
	body               string
	storeKey           string
	unit               int // to whose multiple the body is filled up
}

func (s sealed) bytes() []byte {
	b := append([]byte(s.magic), s.format, s.kind)
	b = binary.BigEndian.AppendUint16(b, s.zero)
	b = append(b, part(s.key, "id", 8)...)
	for _, v := range []uint64{s.generation, s.print, s.replaces, s.expiry, s.ends, s.life} {
		b = binary.BigEndian.AppendUint64(b, v)
	}
	b = binary.BigEndian.AppendUint32(b, s.notice)
	b = binary.BigEndian.AppendUint32(b, s.noticeMS)
	block, err := aes.NewCipher(part(s.key, "seal", 32))
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	body := s.body
	for len(body)%s.unit != 0 {
		body += " "
	}
	return append(append(bytes.Clone(b), s.nonce...), gcm.Seal(nil, s.nonce, []byte(body), append(b, s.storeKey...))...)
}

// set is an entry as it should be. Its access key is that of AWS's documentation.
func set(members object) sealed {
	all := object{
		"access_key": "ASIAIOSFODNN7EXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"token": "a token/+=", "account": "123456789012", "source_identity": "",
	}
	for name, v := range members {
		all[name] = v
	}
	text := func(name string) string { s, _ := all[name].(string); return s }
	sum := sha256.Sum256([]byte(text("access_key") + "\x00" + text("token")))
	return sealed{
		magic: "EVCS", format: 1, key: oldKey, generation: 7, print: binary.BigEndian.Uint64(sum[:8]),
		expiry: 1_800_000_000_000, ends: 123_456_789, life: 3_600_000, nonce: []byte("fixed nonce!"),
		body: canonical(all), storeKey: storeKey, unit: 256,
	}
}

func notice(says, length uint32) sealed {
	return sealed{magic: "EVCS", format: 1, kind: 1, key: oldKey, notice: says, noticeMS: length, nonce: []byte("fixed nonce!"), body: "{}", storeKey: storeKey, unit: 256}
}

func setVectors() (list []object) {
	add := func(members object, change func(*sealed)) {
		s := set(members)
		if change != nil {
			change(&s)
		}
		v := object{
			"data_key": hex.EncodeToString(s.key), "store_key": s.storeKey, "nonce": hex.EncodeToString(s.nonce),
			"generation": s.generation, "fingerprint": print16(s.print), "replaces": print16(s.replaces),
			"expiry_ms": s.expiry, "ends_ms": s.ends, "life_ms": s.life, "sealed": base64.StdEncoding.EncodeToString(s.bytes()),
		}
		for _, name := range []string{"access_key", "secret_key", "token", "account", "source_identity"} {
			v[name] = set(nil).field(name)
			if given, ok := members[name]; ok {
				v[name] = given
			}
		}
		list = append(list, v)
	}
	add(nil, nil)
	add(object{"account": "", "token": ""}, func(s *sealed) { s.ends, s.generation = 0, 0 })
	add(object{"token": strings.Repeat("long/", 400), "source_identity": "somebody"}, func(s *sealed) { s.replaces = 0xfedcba9876543210 })
	add(object{"source_identity": "größer \"日本\" 😀\\\n\u0001"}, func(s *sealed) { s.generation = 1<<52 - 1 })
	add(nil, func(s *sealed) { s.expiry, s.life, s.ends = never, never, 0 })
	add(nil, func(s *sealed) { s.key, s.storeKey = newKey, "evercreds1:ffffffffffffffffffffffffffffffff" })
	// A body of just one unit, and the longest one of all.
	add(object{"token": strings.Repeat("t", 256-len(set(object{"token": ""}).body))}, nil)
	add(object{"token": strings.Repeat("t", 31*256-len(set(object{"token": ""}).body))}, nil)
	return list
}

// field is what the plain set has.
func (sealed) field(name string) string {
	return map[string]string{
		"access_key": "ASIAIOSFODNN7EXAMPLE", "secret_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"token": "a token/+=", "account": "123456789012", "source_identity": "",
	}[name]
}

func print16(v uint64) string { return fmt.Sprintf("%016x", v) }

func noticeVectors() (list []object) {
	for _, of := range [][2]uint32{{1, 5000}, {2 + 16*3, 60_000}, {3 + 16*(1<<20), 1000}, {0, 0}} {
		n := notice(of[0], of[1])
		list = append(list, object{
			"data_key": hex.EncodeToString(n.key), "store_key": n.storeKey, "nonce": hex.EncodeToString(n.nonce),
			"notice": of[0], "notice_ms": of[1], "sealed": base64.StdEncoding.EncodeToString(n.bytes()),
		})
	}
	return list
}

// refusedVectors are what is no entry: "junk", or "foreign", which is no junk.
func refusedVectors() (list []object) {
	add := func(why, is string, beside sealed, b []byte) {
		list = append(list, object{
			"why": why, "is": is, "keys": []string{hex.EncodeToString(oldKey)}, "store_key": storeKey, "kind": "set",
			"generation": beside.generation, "fingerprint": print16(beside.print), "expiry_ms": beside.expiry,
			"sealed": base64.StdEncoding.EncodeToString(b),
		})
	}
	spoilt := func(why, is string, change func(*sealed)) {
		s := set(nil)
		change(&s)
		add(why, is, s, s.bytes())
	}
	good := set(nil)
	b := good.bytes()
	for _, at := range []int{0, 5, 6, 16, 24, 32, 40, 48, 56, 64, 68, 72, 84, 100, len(b) - 16, len(b) - 1} {
		flipped := bytes.Clone(b)
		flipped[at] ^= 1
		add(fmt.Sprintf("byte %d is another", at), "junk", good, flipped)
	}
	flipped := bytes.Clone(b)
	flipped[8] ^= 1
	add("the key id is another", "foreign", good, flipped)
	newer := bytes.Clone(b)
	newer[4] = 2
	add("a newer format", "foreign", good, newer)
	add("a newer format, however long", "foreign", good, []byte("EVCS\x02"))
	older := bytes.Clone(b)
	older[4] = 0
	add("format 0", "junk", good, older)
	for _, n := range []int{1, 4, 5, 8, 72, 84, 100, 355, len(b) - 1} {
		add(fmt.Sprintf("only the first %d bytes", n), "junk", good, b[:n])
	}
	add("a byte too many", "junk", good, append(bytes.Clone(b), 0))
	add("256 bytes too many", "junk", good, append(bytes.Clone(b), make([]byte, 256)...))
	add("longer than 8 KiB", "junk", good, append(bytes.Clone(b), make([]byte, 256*31)...))
	add("text", "junk", good, []byte("this is no entry"))
	spoilt("no body", "junk", func(s *sealed) { s.body = "" })
	spoilt("of another store key", "junk", func(s *sealed) { s.storeKey = "evercreds1:ffeeddccbbaa99887766554433221100" })
	spoilt("of another data key", "foreign", func(s *sealed) { s.key = foreign })
	spoilt("a kind that is unknown", "junk", func(s *sealed) { s.kind = 2 })
	spoilt("zero bytes that are not zero", "junk", func(s *sealed) { s.zero = 1 })
	spoilt("a body that is no multiple of 256", "junk", func(s *sealed) { s.unit = 16 })
	spoilt("a body that is no JSON", "junk", func(s *sealed) { s.body = "{access_key" })
	spoilt("a body that is a list", "junk", func(s *sealed) { s.body = "[]" })
	spoilt("a body that is null", "junk", func(s *sealed) { s.body = "null" })
	spoilt("a body without a token", "junk", func(s *sealed) {
		s.body = `{"access_key":"a","account":"","secret_key":"s","source_identity":""}`
	})
	spoilt("a token that is a number", "junk", func(s *sealed) { s.body = strings.Replace(s.body, `"a token/+="`, "5", 1) })
	spoilt("a body that is not UTF-8", "junk", func(s *sealed) { s.body = strings.Replace(s.body, "123456789012", "\xff", 1) })
	spoilt("text after the object", "junk", func(s *sealed) { s.body += "x" })
	spoilt("another set's fingerprint", "junk", func(s *sealed) { s.print++ })
	spoilt("a generation of 2^52", "junk", func(s *sealed) { s.generation = 1 << 52 })
	spoilt("an expiry of 2^52 + 1", "junk", func(s *sealed) { s.expiry = never + 1 })
	spoilt("an end of 2^63", "junk", func(s *sealed) { s.ends = 1 << 63 })
	spoilt("a lifetime of 2^64 - 1", "junk", func(s *sealed) { s.life = 1<<64 - 1 })
	for _, beside := range []struct {
		name   string
		change func(*sealed)
	}{
		{"generation", func(s *sealed) { s.generation++ }},
		{"fingerprint", func(s *sealed) { s.print++ }},
		{"expiry", func(s *sealed) { s.expiry++ }},
	} {
		other := set(nil)
		beside.change(&other)
		add("another "+beside.name+" beside it", "junk", other, b)
	}
	add("a notice", "junk", notice(1, 5000), notice(1, 5000).bytes())
	list = append(list, object{
		"why": "a set in a notice's place", "is": "junk", "keys": []string{hex.EncodeToString(oldKey)}, "store_key": storeKey,
		"kind": "notice", "sealed": base64.StdEncoding.EncodeToString(b),
	})
	return list
}
