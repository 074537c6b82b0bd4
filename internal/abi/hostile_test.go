package abi

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/evercreds/evercreds/core"
)

// hostile draws arguments from the ends of each type, and now and then good ones.
type hostile struct {
	r       *rand.Rand
	library *Library
	spared  []int32 // sessions that are never named
	handles []int32
	tickets []int64
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (h *hostile) value(kind reflect.Type) reflect.Value {
	switch kind {
	case reflect.TypeFor[int32]():
		v := pick(h.r, 0, 1, 2, -1, math.MinInt32, math.MaxInt32, int32(h.r.Uint32()))
		if h.r.IntN(2) == 0 {
			v = pick(h.r, h.handles...)
		}
		if slices.Contains(h.spared, v) {
			v = 0
		}
		return reflect.ValueOf(v)
	case reflect.TypeFor[int64]():
		v := pick(h.r, 0, 1, -1, wall0, wall0+hour, math.MinInt64, math.MaxInt64, core.Never, exact, exact+1,
			maxInstant, maxInstant+1, -maxInstant, -maxInstant-1, int64(h.r.Uint64()))
		if h.r.IntN(4) == 0 {
			v = pick(h.r, h.tickets...)
		}
		return reflect.ValueOf(v)
	case reflect.TypeFor[uint64]():
		return reflect.ValueOf(pick(h.r, 0, 7, math.MaxUint64, h.r.Uint64()))
	case reflect.TypeFor[float64]():
		return reflect.ValueOf(pick(h.r, 0, 1, -1, 900, math.NaN(), math.Inf(1), math.Inf(-1),
			math.MaxFloat64, math.SmallestNonzeroFloat64, h.r.NormFloat64()*1e6))
	case reflect.TypeFor[[]byte]():
		b := make([]byte, pick(h.r, 0, 1, 6, 20, core.SnapshotBytes))
		for i := range b {
			b[i] = pick(h.r, byte('0'), '9', 'T', ':', '-', '.', 'Z', 0, 0xff, byte(h.r.Uint32()))
		}
		return reflect.ValueOf(b)
	}
	return reflect.ValueOf(&core.Decision{})
}

// Whatever a host passes: no panic, and a result that the table knows.
func TestHostileArguments(t *testing.T) {
	l := New(silent{})
	h := newHostile(rand.New(rand.NewPCG(1, 2)), l)
	for i := range 200_000 {
		if i%5000 == 0 {
			s := openIn(t, l)
			h.handles = append(h.handles, s, l.SessionNew())
			h.tickets = append(h.tickets, fetch(t, l, s, 0))
		}
		h.callAnything(t)
	}
}

// knownResults are all results below zero that the table has.
var knownResults = func() map[int64]bool {
	known := map[int64]bool{}
	for _, c := range Codes {
		known[c.Value] = true
	}
	for _, o := range options() {
		known[ErrOptionValue-o.Value] = true
	}
	return known
}()

// callAnything makes one call.
func (h *hostile) callAnything(t *testing.T) {
	t.Helper()
	library := reflect.ValueOf(h.library)
	n := h.r.IntN(library.NumMethod())
	method := library.Type().Method(n)
	if method.Name == "TestPanic" || method.Name == "TestFatal" {
		return
	}
	var args []reflect.Value
	for p := 1; p < method.Type.NumIn(); p++ {
		args = append(args, h.value(method.Type.In(p)))
	}
	got := library.Method(n).Call(args)[0].Int()
	if got == ErrPanic || got == ErrPoisoned || got < 0 && !knownResults[got] {
		t.Fatalf("%s%v: %d", method.Name, args, got)
	}
}

func TestArgumentsOutOfRange(t *testing.T) {
	l, s := open(t, silent{})
	var d core.Decision
	for _, at := range []int64{math.MinInt64, math.MaxInt64, maxInstant + 1, -maxInstant - 1} {
		want(t, "wall", l.Ask(s, at, 0, 0, 0, 0, 0, &d), ErrArgument)
		want(t, "elapsed", l.Ask(s, wall0, at, 0, 0, 0, 0, &d), ErrArgument)
		want(t, "status", l.SessionStatus(s, at, 0, 1), ErrArgument)
		want(t, "restore", l.SessionRestore(nil, at, 0, 0, &d), ErrArgument)
	}
	want(t, "min_ttl", l.Ask(s, wall0, 0, -1, 0, 0, 0, &d), ErrArgument)
	for _, evidence := range []int32{-1, 3, math.MinInt32} {
		want(t, "evidence", l.Ask(s, wall0, 0, 0, 7, evidence, 0, &d), ErrArgument)
		want(t, "evidence", l.Answer(s, 1, wall0, 0, 0, 7, evidence, 0, 0, &d), ErrArgument)
	}
	for _, until := range []int64{-1, exact + 1} {
		want(t, "until", l.Ask(s, wall0, 0, 0, 0, 0, until, &d), ErrArgument)
		want(t, "until", l.Answer(s, 1, wall0, 0, 0, 0, 0, until, 0, &d), ErrArgument)
	}
	want(t, "ticket", l.Abandon(s, -1, wall0, 0, &d), ErrArgument)
	want(t, "ticket", l.Abandon(s, 1<<53, wall0, 0, &d), ErrArgument)
	want(t, "forced", l.Answer(s, 1, wall0, 0, 0, 0, 0, 0, 2, &d), ErrArgument)
	want(t, "class", l.Fail(s, 1, wall0, 0, 0, 1, 0, &d), ErrArgument)
	want(t, "reason", l.Fail(s, 1, wall0, 0, 1, 2, 0, &d), ErrArgument)
	want(t, "expiry", l.Complete(s, 1, wall0, 0, exact+1, 0, 0, 0, &d), ErrArgument)
	want(t, "date", l.Complete(s, 1, wall0, 0, 0, 0, 0, -exact-1, &d), ErrArgument)
	want(t, "field 0", l.SessionStatus(s, wall0, 0, 0), ErrArgument)
	want(t, "method", l.RuleErrorClass(0, 403, nil), ErrArgument)
	want(t, "length", l.RuleIoTEndpoint(make([]byte, 4), 5), ErrArgument)
	want(t, "chained", l.RuleDuration(900, 2), ErrArgument)
	want(t, "nothing was changed", l.SessionStatus(s, wall0, 0, int32(core.StatusUnknownTickets)), 0)
}
