package abi

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/fuzzed"
)

// FuzzABI has the fuzzer choose calls and hostile arguments. Beside them lives a
// session that answers, after all of them, as one does that was left alone.
func FuzzABI(f *testing.F) {
	f.Add([]byte("any bytes at all choose calls and their arguments"))
	f.Fuzz(func(t *testing.T, choices []byte) {
		l := New(silent{})
		good, alone := openIn(t, l), New(silent{})
		s := openIn(t, alone)
		fetch(t, l, good, 0)
		fetch(t, alone, s, 0)
		h := newHostile(fuzzed.Rand(choices), l, good)
		h.handles = append(h.handles, openIn(t, l), l.SessionNew())
		for range min(len(choices)/8, 200) {
			h.callAnything(t)
		}
		var got, want core.Decision
		if r := l.Ask(good, wall0+1000, 1000, 0, 0, 0, 0, &got); r != 0 {
			t.Fatalf("the good session answers %d", r)
		}
		alone.Ask(s, wall0+1000, 1000, 0, 0, 0, 0, &want)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("the good session says %+v, and one alone %+v", got, want)
		}
	})
}

// newHostile has nothing of the sessions in spared, and never names them.
func newHostile(r *rand.Rand, l *Library, spared ...int32) *hostile {
	return &hostile{r: r, library: l, spared: spared, handles: []int32{0}, tickets: []int64{0, 1, 2}}
}
