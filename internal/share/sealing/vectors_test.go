package sealing

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type bytesHex []byte

func (b *bytesHex) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

type print uint64

func (p *print) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 16, 64)
	*p = print(v)
	return err
}

// vectorFile is testdata/share/vectors.json, which internal/share/gen makes without this
// package.
type vectorFile struct {
	Keys []struct {
		DataKey              bytesHex `json:"data_key"`
		ID, Name, Mark, Seal bytesHex
	}
	Marks []struct {
		DataKey            bytesHex `json:"data_key"`
		Serial, Code, Mark string
	}
	Rings []struct {
		Keys     []bytesHex
		NameKey  bytesHex `json:"name_key"`
		Seals    bytesHex
		Opens    []bytesHex
		ShareID  string    `json:"share_id"`
		StoreKey string    `json:"store_key"`
		MarkOf   [2]string `json:"mark_of"`
		Mark     string
	}
	Canonical []struct {
		Value any
		Text  string
	}
	Endpoints  []struct{ Given, Endpoint string }
	Principals []struct{ Kind, Given, Principal string }
	StoreKeys  []struct {
		DataKey           bytesHex `json:"data_key"`
		Method, Canonical string
		Given             json.RawMessage
		StoreKey          string `json:"store_key"`
	} `json:"store_keys"`
	Sets []struct {
		entryVector
		AccessKey      string `json:"access_key"`
		SecretKey      string `json:"secret_key"`
		Token, Account string
		SourceIdentity string `json:"source_identity"`
		Replaces       print
		EndsMS         int64 `json:"ends_ms"`
		LifeMS         int64 `json:"life_ms"`
	}
	Notices []struct {
		entryVector
		Notice   uint32
		NoticeMS uint32 `json:"notice_ms"`
	}
	Refused []struct {
		entryVector
		Why, Is, Kind string
		Keys          []bytesHex
	}
}

type entryVector struct {
	DataKey     bytesHex `json:"data_key"`
	StoreKey    string   `json:"store_key"`
	Nonce       bytesHex
	Generation  int64
	Fingerprint print
	ExpiryMS    int64 `json:"expiry_ms"`
	Sealed      []byte
}

func readVectors(t *testing.T) (v vectorFile) {
	t.Helper()
	text, err := os.ReadFile("../../../testdata/share/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func ringOf(t *testing.T, nameKey []byte, keys ...bytesHex) *Ring {
	t.Helper()
	list := make([][]byte, len(keys))
	for i, k := range keys {
		list[i] = k
	}
	r, err := NewRing(list, nameKey)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestVectorsOfKeys(t *testing.T) {
	v := readVectors(t)
	for _, k := range v.Keys {
		d := ringOf(t, nil, k.DataKey).all[0]
		equal(t, "id", bytesHex(d.id[:]), k.ID)
		equal(t, "name", bytesHex(d.name), k.Name)
		equal(t, "mark", bytesHex(d.mark), k.Mark)
	}
	for _, m := range v.Marks {
		equal(t, "mark", ringOf(t, nil, m.DataKey).Mark(m.Serial, m.Code), m.Mark)
	}
	for _, want := range v.Rings {
		r := ringOf(t, want.NameKey, want.Keys...)
		equal(t, "who seals", bytesHex(r.all[0].id[:]), want.Seals)
		for _, id := range want.Opens {
			if r.find(KeyID(id)) == nil {
				t.Errorf("%x does not open", id)
			}
		}
		key, err := CustomStoreKey(r, want.ShareID)
		equal(t, "error", err, nil)
		equal(t, "store key", key, want.StoreKey)
		equal(t, "mark", r.Mark(want.MarkOf[0], want.MarkOf[1]), want.Mark)
	}
}

func TestVectorsOfNames(t *testing.T) {
	v := readVectors(t)
	for _, c := range v.Canonical {
		text, err := Canonical(typed(c.Value))
		equal(t, "error", err, nil)
		equal(t, "canonical", text, c.Text)
	}
	for _, e := range v.Endpoints {
		got, err := Endpoint(e.Given)
		equal(t, "error", err, nil)
		equal(t, e.Given, got, e.Endpoint)
	}
	principal := map[string]func(string) string{"given": GivenPrincipal, "key": KeyPrincipal, "parent": ParentPrincipal, "caller": CallerPrincipal}
	for _, p := range v.Principals {
		equal(t, p.Given, principal[p.Kind](p.Given), p.Principal)
	}
	for _, s := range v.StoreKeys {
		text, key, err := namesOf(t, ringOf(t, nil, s.DataKey), s.Method, s.Given)
		equal(t, "error", err, nil)
		equal(t, "canonical", text, s.Canonical)
		equal(t, "store key", key, s.StoreKey)
	}
}

// typed gives what JSON has read the types that Canonical takes.
func typed(v any) any {
	switch v := v.(type) {
	case float64:
		return int64(v)
	case []any:
		list, pairs := []string{}, [][2]string{}
		for _, e := range v {
			switch e := e.(type) {
			case string:
				list = append(list, e)
			case []any:
				pairs = append(pairs, [2]string{e[0].(string), e[1].(string)})
			}
		}
		if len(pairs) > 0 {
			return pairs
		}
		return list
	case map[string]any:
		for name := range v {
			v[name] = typed(v[name])
		}
	}
	return v
}

func namesOf(t *testing.T, r *Ring, method string, given json.RawMessage) (text, key string, err error) {
	var g struct {
		RoleARN           string      `json:"role_arn"`
		SessionName       string      `json:"session_name"`
		DurationS         int64       `json:"duration_s"`
		ExternalID        string      `json:"external_id"`
		SourceIdentity    string      `json:"source_identity"`
		Policy            string      `json:"policy"`
		PolicyARNs        []string    `json:"policy_arns"`
		Tags              [][2]string `json:"tags"`
		TransitiveTagKeys []string    `json:"transitive_tag_keys"`
		ProvidedContexts  [][2]string `json:"provided_contexts"`
		SerialNumber      string      `json:"serial_number"`
		MinimumTokenSize  int64       `json:"minimum_token_size"`
		Endpoint          string      `json:"endpoint"`
		Region            string      `json:"region"`
		Principal         string      `json:"principal"`
		RoleAlias         string      `json:"role_alias"`
		ThingName         string      `json:"thing_name"`
		PublicKey         bytesHex    `json:"public_key"`
		ShareID           string      `json:"share_id"`
	}
	if err := json.Unmarshal(given, &g); err != nil {
		t.Fatal(err)
	}
	switch method {
	case "sts":
		s := STS{
			g.RoleARN, g.SessionName, g.DurationS, g.ExternalID, g.SourceIdentity, g.Policy, g.PolicyARNs, g.Tags,
			g.TransitiveTagKeys, g.ProvidedContexts, g.SerialNumber, g.MinimumTokenSize, g.Endpoint, g.Region, g.Principal,
		}
		text, _ = s.canonical()
		key, err = s.StoreKey(r)
	case "iot":
		i := IoT{g.Endpoint, g.RoleAlias, g.ThingName, g.PublicKey}
		text, _ = i.canonical()
		key, err = i.StoreKey(r)
	default:
		text, _ = customCanonical(g.ShareID)
		key, err = CustomStoreKey(r, g.ShareID)
	}
	return text, key, err
}

func TestVectorsOfEntries(t *testing.T) {
	v := readVectors(t)
	for i, s := range v.Sets {
		r := ringOf(t, nil, s.DataKey)
		h := Header{
			Generation: s.Generation, Fingerprint: uint64(s.Fingerprint), Replaces: uint64(s.Replaces),
			ExpiryMS: s.ExpiryMS, EndsMS: s.EndsMS, LifeMS: s.LifeMS,
		}
		set := Set{s.AccessKey, s.SecretKey, s.Token, s.Account, s.SourceIdentity}
		sealed, err := r.sealSet(s.StoreKey, h, set, s.Nonce)
		if err != nil || string(sealed) != string(s.Sealed) {
			t.Errorf("set %d is sealed otherwise: %v", i, err)
		}
		gotHeader, gotSet, err := r.OpenSet(s.StoreKey, s.Sealed, s.Generation, uint64(s.Fingerprint), s.ExpiryMS)
		if err != nil || gotHeader != h || gotSet != set {
			t.Errorf("set %d opens as another: %v", i, err)
		}
	}
	for i, n := range v.Notices {
		r := ringOf(t, nil, n.DataKey)
		sealed, err := r.sealNotice(n.StoreKey, n.Notice, n.NoticeMS, n.Nonce)
		if err != nil || string(sealed) != string(n.Sealed) {
			t.Errorf("notice %d is sealed otherwise: %v", i, err)
		}
		notice, length, err := r.OpenNotice(n.StoreKey, n.Sealed)
		if err != nil || notice != n.Notice || length != n.NoticeMS {
			t.Errorf("notice %d opens as another: %v", i, err)
		}
	}
}

func TestVectorsOfWhatIsNoEntry(t *testing.T) {
	for _, x := range readVectors(t).Refused {
		t.Run(x.Why, func(t *testing.T) {
			r := ringOf(t, nil, x.Keys...)
			var err error
			if x.Kind == "notice" {
				_, _, err = r.OpenNotice(x.StoreKey, x.Sealed)
			} else {
				_, _, err = r.OpenSet(x.StoreKey, x.Sealed, x.Generation, uint64(x.Fingerprint), x.ExpiryMS)
			}
			if want := map[string]error{"junk": ErrJunk, "foreign": ErrForeign}[x.Is]; !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
}
