package sim

import "math/rand/v2"

// Chooser makes the choices of a history: Choose(n) is in [0, n).
type Chooser interface{ Choose(n int) int }

// seeded is the Chooser of a seed.
type seeded struct{ rng *rand.Rand }

// Seeded chooses by a seed: equal seeds make equal histories.
func Seeded(seed uint64) Chooser { return seeded{rand.New(rand.NewPCG(seed, 0))} }

func (c seeded) Choose(n int) int { return c.rng.IntN(n) }

// pick chooses one of several values.
func pick[T any](c Chooser, of ...T) T { return of[c.Choose(len(of))] }

// oneIn is true once in n.
func oneIn(c Chooser, n int) bool { return c.Choose(n) == 0 }

// upTo chooses a span from 0 to most.
func upTo(c Chooser, most int64) int64 {
	const fine = 1 << 20 // spans of years are chosen in coarse steps
	if most < fine {
		return int64(c.Choose(int(max(most, 0)) + 1))
	}
	return most / fine * int64(c.Choose(fine+1))
}
