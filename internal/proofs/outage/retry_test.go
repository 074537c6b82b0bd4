package main

import (
	"testing"

	"github.com/evercreds/evercreds/internal/proofs/world"
)

// calls has one client make so many calls one after the other, and gives the instants
// of the tries of each.
func calls(r *retrier, s *service, n int) [][]int64 {
	s.World = &world.World{}
	tries, call := make([][]int64, n), 0
	down := s.down
	s.down = func(now int64) bool { // which each try asks
		tries[call] = append(tries[call], now)
		return down != nil && down(now)
	}
	for call = range n {
		ended := false
		r.call(s, r.tries, func(set, failure) { ended = true })
		for !ended {
			s.World.Run(s.Now + 1)
		}
	}
	return tries
}

func TestRetriesAreThoseOfRetryBehavior(t *testing.T) {
	always := func(int64) bool { return true }
	for _, c := range []struct {
		name    string
		service service
		first   int64 // longest pause before the second try; the third waits up to twice as long
		retries int   // that the budget pays for
	}{
		{"transient", service{down: always}, 50, 500 / 14},
		{"throttling", service{throttles: always}, 1000, 500 / 5},
	} {
		longest, retries := []int64{0, 0}, 0
		for _, at := range calls(newRetrier(3, 0, 1), &c.service, 120) {
			for i := 1; i < len(at); i++ {
				longest[i-1] = max(longest[i-1], at[i]-at[i-1])
				retries++
			}
			if len(at) > 3 {
				t.Errorf("%s: %d tries", c.name, len(at))
			}
		}
		if retries != c.retries {
			t.Errorf("%s: %d retries, want %d", c.name, retries, c.retries)
		}
		for i, pause := range longest {
			if most := c.first << i; pause > most+2 || pause < most/2 {
				t.Errorf("%s: the longest pause %d was %d ms, want up to %d", c.name, i+1, pause, most)
			}
		}
	}
}

// A call that succeeds at last gives back what it took, and a call that succeeds at once
// gives 1.
func TestSuccessesFillTheBudget(t *testing.T) {
	r := newRetrier(3, 0, 1)
	r.tokens = 100
	calls(r, &service{lifetime: hour, down: within(0, 1)}, 1)
	if r.tokens != 100 {
		t.Errorf("after a retry that succeeded there are %d", r.tokens)
	}
	calls(r, &service{lifetime: hour}, 3)
	if r.tokens != 103 {
		t.Errorf("after three successes there are %d", r.tokens)
	}
}
