package waits_test

import (
	"context"
	"testing"

	"github.com/evercreds/evercreds/internal/waits"
)

func TestNobodyWaitsForHimself(t *testing.T) {
	ctx, flights := [4]context.Context{}, [4]*waits.Flight{}
	for i := range flights {
		ctx[i], flights[i] = waits.New(t.Context())
	}
	begin := func(who, whom int, want bool) func() {
		t.Helper()
		end, ok := waits.Begin(ctx[who], flights[whom])
		if ok != want {
			t.Errorf("%d waits for %d: %v", who, whom, ok)
		}
		return end
	}
	begin(0, 0, false)
	first, second := begin(0, 1, true), begin(0, 1, true)
	begin(1, 2, true)
	begin(3, 2, true)
	begin(2, 0, false)
	begin(2, 1, false)
	begin(2, 3, false)
	first()
	begin(2, 0, false) // one call of the two still waits
	second()
	begin(2, 0, true)
	for _, free := range []context.Context{t.Context(), context.Background()} {
		if end, ok := waits.Begin(free, flights[0]); !ok {
			t.Error("who is no flight may wait for any")
		} else {
			end()
		}
	}
	if _, ok := waits.Begin(ctx[0], nil); !ok {
		t.Error("nothing to wait for")
	}
}
