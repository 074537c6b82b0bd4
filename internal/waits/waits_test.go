package waits_test

import (
	"context"
	"testing"

	"github.com/evercreds/evercreds/internal/waits"
)

func TestNobodyWaitsForItself(t *testing.T) {
	ctx, flights := [4]context.Context{}, [4]*waits.Attempt{}
	for i := range flights {
		flights[i] = waits.New(&waits.Owner{})
		ctx[i] = flights[i].In(t.Context())
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
			t.Error("who is no attempt may wait for any")
		} else {
			end()
		}
	}
	if _, ok := waits.Begin(ctx[0], nil); !ok {
		t.Error("nothing to wait for")
	}
}

// An attempt marks the code that is part of it, and nothing once it is over.
func TestAnAttemptThatIsOver(t *testing.T) {
	owner, other := &waits.Owner{}, &waits.Owner{}
	a := waits.New(owner)
	ctx := a.In(t.Context())
	if !waits.Within(ctx, owner) || waits.Within(ctx, other) || waits.Within(t.Context(), owner) {
		t.Error("while it is under way")
	}
	a.End()
	if waits.Within(ctx, owner) {
		t.Error("it is over")
	}
	if end, ok := waits.Begin(ctx, a); !ok {
		t.Error("what it has left behind may wait")
	} else {
		end()
	}
}
