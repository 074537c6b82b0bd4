package core

import (
	"math/rand/v2"
	"testing"
)

// A session that never takes itself for calm decides the same, whatever comes: calls
// and timers, replies and failures, refused sets, clocks that step and sets that never
// expire, under each policy.
func TestCalmChangesNoDecision(t *testing.T) {
	calm := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 15))
		one, two := opened(t, r, seed), opened(t, rand.New(rand.NewPCG(seed, 15)), seed)
		r.Uint64()
		now, fingerprint := Now{Wall: 1_800_000_000_000}, uint64(1)
		var flight int64
		for range 200 {
			step := r.Int64N(2*minute) >> r.IntN(12)
			now.Elapsed += step
			now.Wall += step + r.Int64N(3)
			if r.IntN(20) == 0 {
				now.Wall += r.Int64N(3*hour) - hour
			}
			event := anyEvent(r, now, flight, &fingerprint)
			if one.calm.Elapsed > now.Elapsed && one.calm.Wall > now.Wall {
				calm++
			}
			two.calm = Now{}
			got, want := event(one), event(two)
			if got != want {
				t.Fatalf("seed %d at %v:\n got %+v\nwant %+v", seed, now, got, want)
			}
			if got.Started != 0 {
				flight = got.Started
			}
		}
	}
	if calm < 1000 {
		t.Errorf("only %d events found a calm session", calm)
	}
}

// opened makes a session with options that r draws.
func opened(t *testing.T, r *rand.Rand, seed uint64) *Session {
	t.Helper()
	s := New()
	for o, v := range map[Option]int{
		OptMethod: int(MethodCustom), OptPolicy: r.IntN(3), OptDeferRefresh: min(1, r.IntN(3)), OptAttended: r.IntN(5) / 4,
	} {
		if err := s.Set(o, float64(v)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Open(Now{Wall: 1_800_000_000_000}, seed); err != nil {
		t.Fatal(err)
	}
	return s
}

// anyEvent draws an event at this time.
func anyEvent(r *rand.Rand, now Now, flight int64, fingerprint *uint64) func(*Session) Decision {
	need := Need{Until: r.Int64N(2) * Never}
	switch r.IntN(14) {
	case 0:
		need.MinTTL = r.Int64N(2 * hour)
	case 1:
		need.Other, need.Evidence = *fingerprint, Evidence(r.IntN(3))
	case 2:
		return func(s *Session) Decision { return s.Force(now) }
	case 3, 4, 5:
		facts := Facts{Expiry: now.Wall + r.Int64N(3*hour), Fingerprint: *fingerprint + r.Uint64N(2)}
		if r.IntN(10) == 0 {
			facts.Expiry = Never
		}
		*fingerprint = facts.Fingerprint
		return func(s *Session) Decision { return s.Complete(flight, now, facts) }
	case 6:
		class := Class(r.IntN(4))
		return func(s *Session) Decision { return s.Fail(flight, now, class, CodeSource, 0) }
	case 7:
		if r.IntN(3) == 0 {
			return func(s *Session) Decision { return s.Invalidate(*fingerprint, now) }
		}
	case 8, 9:
		return func(s *Session) Decision { return s.Wake(now) }
	case 10:
		return func(s *Session) Decision { return s.Leave(now, need) }
	}
	return func(s *Session) Decision { return s.Ask(now, need) }
}
