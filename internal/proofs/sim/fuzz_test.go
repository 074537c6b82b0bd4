package sim_test

import (
	"testing"

	"github.com/evercreds/evercreds/internal/fuzzed"
	"github.com/evercreds/evercreds/internal/proofs/sim"
)

// FuzzHistories has the fuzzer choose what happens, and the room check every
// promise of the machine after each event.
func FuzzHistories(f *testing.F) {
	f.Fuzz(func(t *testing.T, choices []byte) {
		if err := sim.Run(fuzzed.New(choices), min(len(choices), history)); err != nil {
			t.Fatal(err)
		}
	})
}
