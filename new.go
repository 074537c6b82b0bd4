package evercreds

import (
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

// ParameterError refuses a parameter or option: its field Parameter is the name, and
// Expected says what was expected, beginning with "must". It shows no value that may be
// secret.
type ParameterError = sources.ParameterError

// open makes the session; done, which may be nil, is called when it is closed.
func open(source sources.Source, done func(), base aws.Config, opts []Option) (*Session, error) {
	return openAt(monotonic(time.Now()), source, done, base, opts)
}

// openAt takes the clock too, for tests in which the wall clock steps.
func openAt(clock func() core.Now, source sources.Source, done func(), base aws.Config, opts []Option) (*Session, error) {
	given := settings{seed: rand.Uint64()}
	for _, o := range opts {
		if o == nil {
			return nil, &ParameterError{Parameter: "opts", Expected: "must not contain nil"}
		}
		o(&given)
	}
	made := meeting{machine: core.New()}
	var err error
	if made.method, made.attended, err = host.Meet(source); err != nil {
		return nil, err
	}
	if err := given.configure(made); err != nil {
		return nil, err
	}
	s := newSession(clock, source, made, &given, base)
	s.done = done
	if err := s.host.Open(given.seed); err != nil {
		return nil, parameterError(err, nil)
	}
	return s, nil
}

// meeting is what is known before there is a session.
type meeting struct {
	machine  *core.Session
	method   core.Method
	attended bool
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
