package main

import "time"

const (
	tick  = 50 * time.Millisecond
	every = 500 * time.Millisecond // what calls are counted by
	seeds = 12
)

// slowest is the longest time between two calls that the rules are asked about.
// A worker pauses for a second, and a loaded machine adds to that: who comes late
// into a window has the less of it.
const slowest = 3 * time.Second

var paces = []time.Duration{every, time.Second, slowest}

// expectation is what the core does with the timeline of a cell, over many
// seeds, over callers that come more or less often, and over sources that take
// more or less time to fail.
type expectation struct {
	made    []int // runs with a call that began in this half second
	failed  []int // those in which it fails
	flights int   // most in one run
}

// expect runs the core in virtual time.
func expect(c cell) (expectation, error) {
	e := expectation{made: make([]int, length/every), failed: make([]int, length/every)}
	for seed := range uint64(seeds) {
		for i, slow := range []time.Duration{tick, time.Second, 3 * time.Second} {
			// A refresh may fall just before the fault's end or just after it.
			v, err := newVirtual(c, seed+1, slow, c.row.until()+time.Duration(i-1)*every)
			if err != nil {
				return e, err
			}
			v.run()
			e.flights = max(e.flights, v.flights)
			for i := range e.made {
				if v.made[i] {
					e.made[i]++
				}
				if v.failed[i] {
					e.failed[i]++
				}
			}
		}
	}
	return e, nil
}

// at tells whether a call that begins then must fail, and whether it may.
func (e expectation) at(t time.Duration) (must, may bool) {
	must = true
	for i := max(0, int((t-tolerance)/every)); i <= min(len(e.failed)-1, int((t+tolerance)/every)); i++ {
		must = must && e.failed[i] == e.made[i]
		may = may || e.failed[i] > 0
	}
	return must, may
}
