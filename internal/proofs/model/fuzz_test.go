package model_test

import (
	"testing"

	"github.com/evercreds/evercreds/internal/fuzzed"
)

// FuzzModel lets the fuzzer choose the events for machine and model, which must agree.
func FuzzModel(f *testing.F) {
	f.Add([]byte("a few choices, and after them random ones; the history has as many events as fit"))
	f.Fuzz(func(t *testing.T, choices []byte) {
		if err := play(fuzzed.Rand(choices), min(len(choices)/16, 60)); err != nil {
			t.Fatal(err)
		}
	})
}
