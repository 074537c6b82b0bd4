// Package fuzzed lets the bytes of a fuzzer make the choices of a test that is
// written for random ones: close inputs make close histories, which is what the
// fuzzer's search lives on.
package fuzzed

import "math/rand/v2"

// Choices takes choices from bytes, and goes on at random where they end: each
// input is a whole history.
type Choices struct {
	data []byte
	rest *rand.Rand
}

// New makes the choices of an input.
func New(data []byte) *Choices {
	return &Choices{data, rand.New(rand.NewPCG(uint64(len(data)), 0))}
}

// Choose is in [0, n): the next byte, or the next three where there are many to
// choose from.
func (c *Choices) Choose(n int) int {
	size := 1
	if n > 1<<8 {
		size = 3
	}
	if len(c.data) < size {
		c.data = nil
		return c.rest.IntN(n)
	}
	v := 0
	for _, b := range c.data[:size] {
		v = v<<8 | int(b)
	}
	c.data = c.data[size:]
	return v % n
}

// Uint64 makes it a source of math/rand/v2.
func (c *Choices) Uint64() (v uint64) {
	for range 8 {
		v = v<<8 | uint64(c.Choose(1<<8))
	}
	return v
}

// Rand gives choices to code that wants a random generator.
func Rand(data []byte) *rand.Rand { return rand.New(New(data)) }
