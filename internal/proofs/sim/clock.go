package sim

import "github.com/evercreds/evercreds/core"

const (
	second int64 = 1000
	minute       = 60 * second
	hour         = 60 * minute
)

// lastInstant is a few days before the end of the year 9999, beyond which no host may
// tell the machine an instant: a source that errs in the year lends sets of decades.
const lastInstant = 253402300800000 - 100*hour

// clock is the time in the room: what the source's server says, and the two
// clocks of the host, each with its own faults.
type clock struct {
	truth       int64 // the server's clock, which is right by definition
	elapsed     int64
	offset      int64 // how far the wall clock is ahead of the truth
	countsSleep bool  // the elapsed clock goes on while the machine sleeps

	wallDrift, elapsedDrift drift
}

// drift is a clock that runs too fast, or too slowly: by some millionths, of which
// parts of a millisecond are kept for later.
type drift struct{ millionths, rest int64 }

// over is how far the clock gets ahead in a span.
func (d *drift) over(span int64) int64 {
	d.rest += span * d.millionths
	whole := d.rest / 1_000_000
	d.rest -= whole * 1_000_000
	return whole
}

func (c *clock) now() core.Now {
	return core.Now{Wall: c.truth + c.offset, Elapsed: c.elapsed}
}

// apart is how far the host's two clocks are from each other.
func (c *clock) apart() int64 { return c.truth + c.offset - c.elapsed }

// most is how much time may pass yet.
func (c *clock) most() int64 {
	return max(0, lastInstant-max(c.truth, c.truth+c.offset, c.elapsed)) / 10 * 9
}

func (c *clock) pass(span int64) {
	c.truth += span
	c.elapsed += span + c.elapsedDrift.over(span)
	c.offset += c.wallDrift.over(span)
}

// sleep lets time pass with the machine suspended.
func (c *clock) sleep(span int64) {
	c.truth += span
	if c.countsSleep {
		c.elapsed += span
	}
}

// step sets the wall clock.
func (c *clock) step(by int64) { c.offset += by }

// reboot lets the elapsed clock begin anew.
func (c *clock) reboot(to int64) { c.elapsed = to }
