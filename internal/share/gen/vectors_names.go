package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/evercreds/evercreds/internal/share/sealing"
)

func canonical(v any) string {
	text, err := sealing.Canonical(v)
	if err != nil {
		panic(err)
	}
	return text
}

// canonicalVectors have texts that were written by hand.
func canonicalVectors() (list []object) {
	controls := ""
	for c := range 32 {
		controls += string(rune(c))
	}
	add := func(value any, text string) { list = append(list, object{"value": value, "text": text}) }
	add(object{}, `{}`)
	add(object{"b": "2", "a": "1", "A": 3}, `{"A":3,"a":"1","b":"2"}`)
	add(object{"quotes": `"\/'`}, `{"quotes":"\"\\/'"}`)
	add(object{"html": "<&>\u2028\u2029"}, "{\"html\":\"<&>\u2028\u2029\"}")
	add(object{"controls": controls + "\x7f"}, `{"controls":"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r`+
		`\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f`+"\x7f\"}")
	add(object{"é": "ü", "日本": "語", "emoji": "😀"}, `{"emoji":"😀","é":"ü","日本":"語"}`)
	// By code points U+FF5E stands before U+1F600; by units of UTF-16 it would not.
	add(object{"\U0001F600": 1, "\uff5e": 2}, "{\"\uff5e\":2,\"\U0001F600\":1}")
	add(object{"lists": []string{}, "pairs": [][2]string{{"k", "v"}, {"k2", ""}}}, `{"lists":[],"pairs":[["k","v"],["k2",""]]}`)
	// Letters with accents stay as they were composed.
	add(object{"composed": "\u00e9", "decomposed": "e\u0301"}, "{\"composed\":\"\u00e9\",\"decomposed\":\"e\u0301\"}")
	return list
}

func endpointVectors() (list []object) {
	for _, of := range [][2]string{
		{"https://sts.eu-west-1.amazonaws.com", "https://sts.eu-west-1.amazonaws.com"},
		{"https://sts.eu-west-1.amazonaws.com/", "https://sts.eu-west-1.amazonaws.com"},
		{"HTTPS://STS.Amazonaws.COM:443//", "https://sts.amazonaws.com"},
		{"http://Localhost:80/", "http://localhost"},
		{"http://127.0.0.1:5000", "http://127.0.0.1:5000"},
		{"https://proxy.example:80/Path/To/", "https://proxy.example:80/Path/To"},
		{"http://proxy.example:443", "http://proxy.example:443"},
		{"https://[::1]:443/", "https://[::1]"},
	} {
		list = append(list, object{"given": of[0], "endpoint": of[1]})
	}
	return list
}

func principalVectors() (list []object) {
	add := func(kind, given, principal string) {
		list = append(list, object{"kind": kind, "given": given, "principal": principal})
	}
	add("given", "the deploy fleet", "given:the deploy fleet")
	add("key", "AKIAIOSFODNN7EXAMPLE", "key:AKIAIOSFODNN7EXAMPLE")
	add("parent", "evercreds1:00112233445566778899aabbccddeeff", "parent:evercreds1:00112233445566778899aabbccddeeff")
	add("caller", "arn:aws:iam::123456789012:user/path/somebody", "caller:arn:aws:iam::123456789012:user/path/somebody")
	add("caller", "arn:aws:sts::123456789012:assumed-role/worker/i-0123456789abcdef0", "caller:arn:aws:sts::123456789012:assumed-role/worker")
	add("caller", "arn:aws-cn:sts::123456789012:assumed-role/worker/a:b/c", "caller:arn:aws-cn:sts::123456789012:assumed-role/worker")
	add("caller", "arn:aws:sts::123456789012:federated-user/somebody", "caller:arn:aws:sts::123456789012:federated-user/somebody")
	add("caller", "arn:aws:iam::123456789012:root", "caller:arn:aws:iam::123456789012:root")
	return list
}

// storeKeyVectors: 'given' lacks what a user did not give.
func storeKeyVectors() (list []object) {
	add := func(method string, given, members object) {
		members["format"], members["method"] = 1, method
		text := canonical(members)
		list = append(list, object{
			"data_key": hex.EncodeToString(oldKey), "method": method, "given": given, "canonical": text,
			"store_key": "evercreds1:" + hmacOf(part(oldKey, "name", 32), text)[:32],
		})
	}
	sts := func(given object) {
		members := object{
			"role_arn": "", "session_name": "", "duration_s": 3600, "external_id": "", "source_identity": "", "policy": "",
			"policy_arns": []string{}, "tags": [][2]string{}, "transitive_tag_keys": []string{}, "provided_contexts": [][2]string{},
			"serial_number": "", "minimum_token_size": 0, "endpoint": "", "region": "", "principal": "",
		}
		for name, v := range given {
			members[name] = v
		}
		members["endpoint"] = strings.TrimSuffix(strings.ToLower(given["endpoint"].(string)), "/")
		for name, sorted := range map[string]any{
			"policy_arns":         []string{"arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/b"},
			"tags":                [][2]string{{"Zone", "z"}, {"team", "a"}, {"team", "b"}, {"\uff5e", "1"}, {"\U0001F600", "2"}},
			"transitive_tag_keys": []string{"Zone", "team"},
			"provided_contexts":   [][2]string{{"arn:a", "assertion 1"}, {"arn:a", "assertion 2"}},
		} {
			if given[name] != nil {
				members[name] = sorted
			}
		}
		add("sts", given, members)
	}
	const role = "arn:aws:iam::123456789012:role/worker"
	sts(object{"role_arn": role, "session_name": "evercreds", "endpoint": "https://sts.eu-west-1.amazonaws.com", "region": "eu-west-1", "principal": "key:AKIAIOSFODNN7EXAMPLE"})
	sts(object{
		"role_arn": role, "session_name": "evercreds", "duration_s": 900, "external_id": "the external id", "source_identity": "somebody",
		"policy": "{\"Version\": \"2012-10-17\",\n\t\"Statement\": []}", "policy_arns": []string{"arn:aws:iam::aws:policy/b", "arn:aws:iam::aws:policy/A"},
		"tags":                [][2]string{{"\U0001F600", "2"}, {"team", "b"}, {"Zone", "z"}, {"\uff5e", "1"}, {"team", "a"}},
		"transitive_tag_keys": []string{"team", "Zone"}, "provided_contexts": [][2]string{{"arn:a", "assertion 2"}, {"arn:a", "assertion 1"}},
		"serial_number": "arn:aws:iam::123456789012:mfa/somebody", "minimum_token_size": 1200,
		"endpoint": "HTTPS://STS.us-east-1.amazonaws.com/", "region": "us-east-1", "principal": "caller:arn:aws:sts::123456789012:assumed-role/base",
	})
	sts(object{"role_arn": role, "session_name": "naïve \u0001\u007f \U0001F600", "endpoint": "http://127.0.0.1:5000", "region": "", "principal": "given:größer"})
	publicKey := []byte("a certificate's SubjectPublicKeyInfo in DER")
	sum := sha256.Sum256(publicKey)
	add("iot", object{
		"endpoint": "C1A2B3.credentials.IoT.eu-west-1.amazonaws.com", "role_alias": "Alias", "thing_name": "thing-1",
		"public_key": hex.EncodeToString(publicKey),
	}, object{
		"endpoint": "c1a2b3.credentials.iot.eu-west-1.amazonaws.com", "role_alias": "Alias", "thing_name": "thing-1",
		"certificate": hex.EncodeToString(sum[:]),
	})
	add("iot", object{"endpoint": "c1.credentials.iot.eu-west-1.amazonaws.com", "role_alias": "Alias", "public_key": hex.EncodeToString(publicKey)},
		object{"endpoint": "c1.credentials.iot.eu-west-1.amazonaws.com", "role_alias": "Alias", "thing_name": "", "certificate": hex.EncodeToString(sum[:])})
	for _, id := range []string{"my fleet", "", "größer \"quoted\" \\ \b\f\n\r\t\u0001\u007f</日本😀>"} {
		add("custom", object{"share_id": id}, object{"share_id": id})
	}
	return list
}
