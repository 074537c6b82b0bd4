//go:build cgo && go1.25

package pkcs11_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/pkcs11"
)

// The table of devices' tokens that all languages are tested on (docs/guides/devices.md), but
// for what is empty: in Go that is the same as not given.
func TestTheTableOfDevices(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "internal", "awstest", "testdata", "devices.json"))
	if err != nil {
		t.Fatal(err)
	}
	var table []struct {
		Name, Token, Expected, Blames string
		Given                         map[string]*string
		Logins                        *int
	}
	if err := json.Unmarshal(text, &table); err != nil {
		t.Fatal(err)
	}
	parameters := map[string][]string{
		"pin": {"PIN"}, "label": {"TokenLabel"}, "token": {"TokenLabel", "SlotID"}, "key": {"PrivateKeyLabel"}, "library": {"Library"},
	}
	for i, row := range table {
		if row.Token != "" && row.Token != "pad" && row.Token != "out" {
			continue // other tests lock a token, and make two of one label
		}
		given, empty := row.Given, false
		for _, value := range given {
			empty = empty || value != nil && *value == "empty"
		}
		if _, noKey := given["key"]; empty || noKey && given["key"] == nil {
			continue // these tokens have two keys
		}
		t.Run(row.Name, func(t *testing.T) {
			p := ownToken(t, "table "+string(rune('a'+i)))
			slot := slotOf(t, p.TokenLabel)
			change(&p, given, slot)
			if row.Token == "pad" {
				while(t, "pad", pin)
			}
			if row.Token == "out" {
				while(t, "removed", "")
			}
			before := logins(t)
			for range 2 {
				key, err := pkcs11.Open(p)
				if err == nil {
					_ = key.Close()
				}
				var wrong *evercreds.ParameterError
				if accepted := err == nil; accepted != (row.Expected == "accepted") ||
					!accepted && (!errors.As(err, &wrong) || !slices.Contains(parameters[row.Blames], wrong.Parameter)) {
					t.Errorf("got %v, want it %s, for %s", err, row.Expected, row.Blames)
				}
				if row.Expected == "accepted" {
					break
				}
			}
			if asked := logins(t) - before; row.Logins != nil && asked != *row.Logins {
				t.Errorf("%d logins, want %d", asked, *row.Logins)
			}
		})
	}
}

func change(p *pkcs11.Params, given map[string]*string, slot uint32) {
	for name, value := range given {
		word := ""
		if value != nil {
			word = *value
		}
		none := uint32(7)
		switch name {
		case "label":
			p.TokenLabel = word
		case "slot":
			p.SlotID = map[string]*uint32{"its": &slot, "none": &none}[word]
		case "pin":
			p.PIN = map[string]string{"wrong": "1111111", "short": "9"}[word]
		case "key":
			p.PrivateKeyLabel = word
		case "library":
			p.Library = map[string]string{"none": "/none.so", "text": softHSM.standIn.CAFile}[word]
		}
	}
}
