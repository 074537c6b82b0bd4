package sim_test

import (
	"flag"
	"testing"

	"pgregory.net/rapid"

	"github.com/evercreds/evercreds/internal/proofs/sim"
)

var (
	steps = flag.Int("sim.steps", 3_000_000, "how many steps to simulate")
	first = flag.Uint64("sim.seed", 1, "the first seed")
	small = flag.Bool("sim.shrink", true, "make a history that breaks a promise smaller")
)

const history = 400 // steps of one history

// Each seed is one history. A failure names its seed, and -sim.seed=N
// -sim.steps=1 plays it again. Ten million steps take some seven seconds:
//
//	go test ./internal/proofs/sim -run Histories$ -sim.steps=10000000 -sim.seed=1000000
func TestHistories(t *testing.T) {
	for seed := *first; seed < *first+uint64(*steps/history)+1; seed++ {
		if err := sim.Run(sim.Seeded(seed), history); err != nil {
			if !*small {
				t.Fatalf("seed %d: %v", seed, err)
			}
			scenario, smaller := sim.Shrink(sim.Seeded(seed), history)
			// the language of scenarios has no words for some: one of the next may do
			for next := seed + 1; scenario == "" && next < seed+50; next++ {
				if sim.Run(sim.Seeded(next), history) != nil {
					scenario, smaller = sim.Shrink(sim.Seeded(next), history)
				}
			}
			t.Fatalf("seed %d: %v\n\nA smaller history that breaks the same promise: %v\n\nAs a scenario for core/testdata, with the broken machine's answers:\n\n%s", seed, err, smaller, scenario)
		}
	}
}

// drawn lets rapid choose, which then shrinks a failing history.
type drawn struct{ t *rapid.T }

func (c drawn) Choose(n int) int { return rapid.IntRange(0, n-1).Draw(c.t, "choice") }

func TestShrunkenHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if err := sim.Run(drawn{t}, 60); err != nil {
			t.Fatal(err)
		}
	})
}
