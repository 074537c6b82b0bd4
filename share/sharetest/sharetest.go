// Package sharetest tells whether a store does what sessions rely on: the 24 rules of
// docs/reference/sharing-stores.md, the same ones in all languages (cases.json).
//
//	func TestMyStore(t *testing.T) {
//		sharetest.Run(t, func() share.Store { return mystore.New(client) })
//	}
package sharetest

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evercreds/evercreds/share"
)

//go:embed cases.json
var casesFile []byte

type file struct {
	Owners map[string]string
	Cases  []scene
	Crowds []crowd
}

type scene struct {
	Rule  int
	Name  string
	Once  bool // its steps cannot be played twice each
	Steps []step
}

// Run plays the 24 rules on the stores that open makes: one for all the cases, and one for
// each client of a crowd. They must meet in one place. A call has a minute, so that a
// machine under load is no fault.
func Run(t *testing.T, open func() share.Store) {
	t.Helper()
	var f file
	if err := json.Unmarshal(casesFile, &f); err != nil {
		t.Fatal(err)
	}
	store := open()
	var kept atomic.Int64
	rule := func(number int, name string, play func(t *testing.T)) {
		if t.Run(fmt.Sprintf("%02d %s", number, name), play) {
			kept.Add(1)
		}
	}
	for _, s := range f.Cases {
		rule(s.Rule, s.Name, func(t *testing.T) {
			newPlayer(t, store, f.Owners).play(s.Steps, 1)
			if !s.Once {
				newPlayer(t, store, f.Owners).play(s.Steps, 2)
			}
		})
	}
	for _, c := range f.Crowds {
		rule(c.Rule, c.Name, func(t *testing.T) { c.play(t, open) })
	}
	t.Logf("rules %d of %d", kept.Load(), len(f.Cases)+len(f.Crowds))
}

// newKey is a key that nobody else has, as sessions make them.
func newKey() string { return "evercreds1:" + randomHex(16) }

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

func withMinute(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
