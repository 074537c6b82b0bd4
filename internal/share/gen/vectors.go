package main

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// object is a JSON object. Names come out sorted.
type object = map[string]any

// vectors makes everything from the contract's own words: package sealing is checked by
// what this writes, and has no part in it, but for the text of a canonical object.
func vectors(string) ([]byte, error) {
	all := object{
		"about": "What docs/reference/sharing-stores.md says, in fixed keys and nonces. Made by internal/share/gen; do not edit. " +
			"Bytes are in hex, sealed ones in base64. 'given' is what a session means, before lists are sorted and defaults filled in.",
		"keys": keyVectors(), "marks": markVectors(), "rings": ringVectors(),
		"canonical": canonicalVectors(), "endpoints": endpointVectors(), "principals": principalVectors(),
		"store_keys": storeKeyVectors(),
		"sets":       setVectors(), "notices": noticeVectors(), "refused": refusedVectors(),
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(all)
	return b.Bytes(), err
}

// dataKey makes the data keys of the vectors: 32 bytes from a number on.
func dataKey(from byte) []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = from + byte(i)
	}
	return key
}

var (
	oldKey  = dataKey(0)
	newKey  = dataKey(100)
	foreign = dataKey(200)
)

func part(key []byte, info string, length int) []byte {
	out, err := hkdf.Key(sha256.New, key, []byte("evercreds share 1"), info, length)
	if err != nil {
		panic(err)
	}
	return out
}

func hmacOf(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

func keyVectors() (list []object) {
	for _, key := range [][]byte{oldKey, newKey, foreign, make([]byte, 32), bytes.Repeat([]byte{0xff}, 32)} {
		list = append(list, object{
			"data_key": hex.EncodeToString(key), "id": hex.EncodeToString(part(key, "id", 8)),
			"seal": hex.EncodeToString(part(key, "seal", 32)), "name": hex.EncodeToString(part(key, "name", 32)),
			"mark": hex.EncodeToString(part(key, "mark", 32)),
		})
	}
	return list
}

func markVectors() (list []object) {
	for _, of := range [][2]string{
		{"arn:aws:iam::123456789012:mfa/somebody", "123456"}, {"GAHT12345678", "000000"}, {"", ""}, {"sériel", "１２３"},
	} {
		list = append(list, object{
			"data_key": hex.EncodeToString(oldKey), "serial": of[0], "code": of[1],
			"mark": hmacOf(part(oldKey, "mark", 32), of[0]+"\x00"+of[1]),
		})
	}
	return list
}

// ringVectors are the steps of a rotation: which key seals, which makes names and marks,
// and what can be opened.
func ringVectors() (list []object) {
	text := `{"format":1,"method":"custom","share_id":"a group"}`
	step := func(name []byte, named []byte, keys ...[]byte) {
		hexes, ids := []string{}, []string{}
		for _, k := range keys {
			hexes, ids = append(hexes, hex.EncodeToString(k)), append(ids, hex.EncodeToString(part(k, "id", 8)))
		}
		v := object{
			"keys": hexes, "seals": ids[0], "opens": ids, "share_id": "a group",
			"store_key": "evercreds1:" + hmacOf(part(named, "name", 32), text)[:32],
			"mark_of":   [2]string{"GAHT12345678", "000000"}, "mark": hmacOf(part(named, "mark", 32), "GAHT12345678\x00000000"),
		}
		if name != nil {
			v["name_key"] = hex.EncodeToString(name)
		}
		list = append(list, v)
	}
	step(nil, oldKey, oldKey)
	step(oldKey, oldKey, oldKey, newKey)
	step(nil, oldKey, newKey, oldKey)
	step(nil, newKey, newKey)
	step(oldKey, oldKey, newKey)
	return list
}
