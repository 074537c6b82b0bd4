package sealing

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/internal/leaks"
)

func exit() { runtime.Goexit() }

var sentinelSet = Set{
	AccessKey: "ASIASENTINELACCESSKEY", SecretKey: "sentinelu8Hr5Dw3q7Zkq7Zkq7Zk", Token: "Sentinelk4Gt7Bn1x9Wv2Jr4x9Wv2Jr4",
	Account: "SENTINEL-ACCOUNT", SourceIdentity: "SENTINEL-of-an-identity",
}

const sentinelDataKey = "sentinel-data-key-of-32-bytes-ab"

// Neither what is printed, nor an error, nor what is sealed has a piece of a secret.
func TestNothingLeaks(t *testing.T) {
	r := ringOf(t, nil, bytesHex(sentinelDataKey))
	find := leaks.Find(leaks.Secrets{
		"access key": sentinelSet.AccessKey, "secret key": sentinelSet.SecretKey, "token": sentinelSet.Token,
		"account": sentinelSet.Account, "source identity": sentinelSet.SourceIdentity, "data key": sentinelDataKey,
		"role": "arn:aws:iam::123456789012:role/sentinel", "external id": "sentinel-external-id", "serial": "SENTINEL-SERIAL", "code": "918273",
		"seal key": string(part(t, "seal")), "name key": string(r.named.name), "mark key": string(r.named.mark),
	})
	show := func(what string, values ...any) {
		t.Helper()
		for _, v := range values {
			text, _ := json.Marshal(v)
			for _, shown := range []string{fmt.Sprint(v), fmt.Sprintf("%+v %#v %x %q %s %d", v, v, v, v, v, v), string(text)} {
				if found := find.In([]byte(shown)); len(found) > 0 {
					t.Errorf("%s shows %v", what, found)
				}
			}
		}
	}
	show("a set", sentinelSet, &sentinelSet, []Set{sentinelSet}, map[string]any{"set": sentinelSet})
	fetched, err := Fetched(nil, []byte(sentinelDataKey), nil)
	if err != nil {
		t.Fatal(err)
	}
	show("a ring", r, *r, []*Ring{r}, Fixed(r), fetched, map[string]any{"ring": r, "keys": fetched})
	sealed, err := r.SealSet(testStoreKey, Header{Generation: 1, ExpiryMS: 5}, sentinelSet)
	if err != nil {
		t.Fatal(err)
	}
	show("an entry", sealed, string(sealed))
	for at := range sealed {
		spoilt := append([]byte(nil), sealed...)
		spoilt[at] ^= 0x55
		h, s, err := r.OpenSet(testStoreKey, spoilt, 1, sentinelSet.Fingerprint(), 5)
		if err == nil || s != (Set{}) || h != (Header{}) {
			t.Fatalf("byte %d is another, and it opens: %v", at, err)
		}
		show("an error", err)
	}
	long := sentinelSet
	long.Token = strings.Repeat(long.Token, 500)
	_, err = r.SealSet(testStoreKey, Header{}, long)
	show("an entry that is too long", err)
	bad := sentinelSet
	bad.Token += "\xff"
	_, err = r.SealSet(testStoreKey, Header{}, bad)
	show("a set that is not Unicode", err)
	_, err = NewRing([][]byte{[]byte(sentinelDataKey + "x")}, nil)
	show("a key that is too long", err)
	_, err = NewRing([][]byte{[]byte(sentinelDataKey), []byte(sentinelDataKey)}, nil)
	show("the same key twice", err)
	key, err := STS{
		RoleARN: "arn:aws:iam::123456789012:role/sentinel", ExternalID: "sentinel-external-id", SerialNumber: "SENTINEL-SERIAL",
		Endpoint: "https://sts.amazonaws.com",
	}.StoreKey(r)
	show("a store key", key, err)
	_, err = STS{Endpoint: "https://user:sentinel-external-id@sts.amazonaws.com"}.StoreKey(r)
	show("an endpoint that is refused", err)
	show("a mark", r.Mark("SENTINEL-SERIAL", "918273"))
}

const testStoreKey = "evercreds1:00112233445566778899aabbccddeeff"

func part(t *testing.T, info string) []byte {
	t.Helper()
	return hkdfOf([]byte(sentinelDataKey), info, KeyBytes)
}
