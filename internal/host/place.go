package host

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/evercreds/evercreds/core"
)

// Place says where a session has its machine, and on which clock it runs. The zero value
// is the compiled-in core, on the clocks of the process.
type Place struct {
	// Machine makes the machine of one session.
	Machine func() Unopened
	// Lock is held in each call of the machine. Nil: the session has one of its own.
	Lock sync.Locker
	// Hears: see [Config].
	Hears bool
	// Clock and Seed are for tests. 0: a random number.
	Clock func() core.Now
	Seed  uint64
	// Options are for tests. They are set before the user's.
	Options []Setting
	// Group, which may be nil, is for tests: a store in the place of the user's.
	Group Group
	// Joined, which may be nil, gets the session's host before that is opened, and the
	// function that closes the session.
	Joined func(h *Host, close func())
}

// Setting is an option of the machine's, as session_option of the ABI takes it.
type Setting struct {
	Option core.Option
	Value  float64
}

// Unopened is a machine that takes options until it is opened.
type Unopened interface {
	Machine
	Set(option core.Option, value float64) error
}

// In makes an evercreds.Option that puts sessions into a place. The root package sets
// it, since no type of this package may be in its API.
var In func(Place) any

// Filled fills in the defaults.
func (p Place) Filled() Place {
	if p.Machine == nil {
		p.Machine = func() Unopened { return Core{core.New()} }
	}
	if p.Clock == nil {
		p.Clock = monotonic(time.Now())
	}
	if p.Seed == 0 {
		p.Seed = rand.Uint64()
	}
	return p
}

// monotonic gives the clock pair, with elapsed time since start. One reading
// gives both. CLOCK_BOOTTIME, which counts time asleep, would be a system call
// of four times the price; the wall clock, which every lease is checked against
// too, ends a lease after a sleep.
func monotonic(start time.Time) func() core.Now {
	return func() core.Now {
		now := time.Now()
		return core.Now{Wall: now.UnixMilli(), Elapsed: int64(now.Sub(start) / time.Millisecond)}
	}
}
