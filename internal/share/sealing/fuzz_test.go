package sealing

import (
	"errors"
	"testing"
)

// Whatever a store shows: it opens as what was sealed, or is junk, or another's.
func FuzzOpen(f *testing.F) {
	r, err := NewRing([][]byte{keyOf('a'), keyOf('b')}, nil)
	if err != nil {
		f.Fatal(err)
	}
	set := Set{AccessKey: "ASIAIOSFODNN7EXAMPLE", SecretKey: "secret", Token: "token"}
	nonce := make([]byte, nonceBytes) // the same in each of the fuzzer's processes
	sealed, err := r.sealSet(testStoreKey, Header{Generation: 1, ExpiryMS: 5, LifeMS: 9}, set, nonce)
	if err != nil {
		f.Fatal(err)
	}
	notice, err := r.sealNotice(testStoreKey, 17, 5000, nonce)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, testStoreKey)
	f.Add(notice, testStoreKey)
	f.Add([]byte("EVCS\x02"), "")
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		_, got, err := r.OpenSet(key, data, 1, set.Fingerprint(), 5)
		switch {
		case err == nil && (string(data) != string(sealed) || got != set):
			t.Error("what nobody sealed opens")
		case err != nil && errors.Is(err, ErrJunk) == errors.Is(err, ErrForeign):
			t.Errorf("got %v", err)
		}
		if says, _, err := r.OpenNotice(key, data); err == nil && (string(data) != string(notice) || says != 17) {
			t.Error("a notice that nobody sealed opens")
		}
	})
}
