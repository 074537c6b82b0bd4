//go:build go1.25

package main

import (
	"slices"
	"testing"
)

func named(t *testing.T, name string) check {
	t.Helper()
	at := slices.IndexFunc(checks, func(c check) bool { return c.name == name })
	if at < 0 {
		t.Fatalf("there is no check %q", name)
	}
	return checks[at]
}

// A row's numbers hold for its store, also where the store alone is given.
func TestAGivenStoreHasTheNumbersOfItsRow(t *testing.T) {
	for _, c := range []struct {
		check string
		given options
		quick bool
		want  []options
	}{
		{"fleet", options{}, false, []options{
			{store: "file", processes: 100, refreshes: 20}, {store: "redis", processes: 100, refreshes: 20},
			{store: "dynamodb", processes: 30, refreshes: 10}, {store: "s3", processes: 12, refreshes: 5},
		}},
		{"fleet", options{store: "dynamodb"}, false, []options{{store: "dynamodb", processes: 30, refreshes: 10}}},
		{"fleet", options{store: "redis", processes: 7}, false, []options{{store: "redis", processes: 7, refreshes: 20}}},
		{"fleet", options{store: "s3"}, true, []options{{store: "s3", processes: 3, refreshes: 2, kills: 3, length: small.length}}},
		{"fleet", options{}, true, []options{{store: "file", processes: 3, refreshes: 2, kills: 3, length: small.length}}},
		{"store-down", options{store: "dynamodb"}, false, []options{{store: "dynamodb", processes: 30, length: named(t, "store-down").length}}},
		{"revoke", options{told: "all"}, false, []options{{store: "redis", told: "all", processes: 30}}},
		{"revoke", options{store: "redis"}, false, []options{{store: "redis", told: "one", processes: 30}, {store: "redis", told: "all", processes: 30}}},
	} {
		got := named(t, c.check).runs(c.given, c.quick)
		if !slices.EqualFunc(got, c.want, func(a, b options) bool {
			return a.store == b.store && a.told == b.told && a.processes == b.processes && a.refreshes == b.refreshes && a.kills == b.kills && a.length == b.length
		}) {
			t.Errorf("%s with %+v: %+v, want %+v", c.check, c.given, got, c.want)
		}
	}
}

// Each sentinel is found, in each form, wherever it is planted.
func TestAPlantedSentinelIsFound(t *testing.T) {
	secrets := map[string]string{"the external id": sentinelExternalID, "the serial": sentinelSerial}
	for _, straw := range []string{
		"log: " + sentinelExternalID, "c2VudGluZWwtZXh0ZXJuYWwtaWQ=", "73656e74696e656c2d65787465726e616c2d6964",
	} {
		h := &haystack{}
		h.add([]byte("nothing here"))
		h.add([]byte("before" + straw + "after"))
		if found := h.find(secrets); !slices.Equal(found, []string{"the external id was found"}) {
			t.Errorf("%q: %q", straw, found)
		}
	}
	h := &haystack{}
	h.add([]byte(`{"at":1764547200123,"sealed":"ab123456cd/123456=","code sent": 123456}`))
	if found := h.findWords([]string{"123456"}); len(found) != 1 {
		t.Errorf("a code that stands alone: %q", found)
	}
	if found := h.findWords([]string{"547200", "654321"}); len(found) != 0 {
		t.Errorf("digits of a clock: %q", found)
	}
}
