package model_test

import (
	"testing"

	"github.com/evercreds/evercreds/internal/fuzzed"
)

// FuzzModel has the fuzzer choose what machine and model are told, who must agree.
func FuzzModel(f *testing.F) {
	f.Add([]byte("a few choices, and after them random ones; the history has as many events as fit"))
	f.Fuzz(func(t *testing.T, choices []byte) {
		if err := play(fuzzed.Rand(choices), min(len(choices)/16, 60)); err != nil {
			t.Fatal(err)
		}
	})
}
