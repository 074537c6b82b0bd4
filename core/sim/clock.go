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
}

func (c *clock) now() core.Now {
	return core.Now{Wall: c.truth + c.offset, Elapsed: c.elapsed}
}

// most is how much time may pass yet.
func (c *clock) most() int64 {
	return max(0, lastInstant-max(c.truth, c.truth+c.offset, c.elapsed))
}

func (c *clock) pass(span int64) {
	c.truth += span
	c.elapsed += span
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
