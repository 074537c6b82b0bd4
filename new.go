package evercreds

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

func init() {
	host.In = func(p host.Place) any { return Option(func(s *settings) { s.place = p }) }
}

// closer is the end of a source that cannot fail to end.
func closer(close func()) func() error {
	return func() error {
		close()
		return nil
	}
}

// open makes the session; done, which may be nil, is called when it is closed.
func open(source sources.Source, done func() error, base aws.Config, opts []Option) (*Session, error) {
	var given settings
	for _, o := range opts {
		if o == nil {
			return nil, &ParameterError{Parameter: "opts", Expected: "must not contain nil"}
		}
		o(&given)
	}
	place := given.place.Filled()
	config := host.Config{
		Lock: place.Lock, Hears: place.Hears, Clock: place.Clock, Source: source, Refuse: newError,
	}
	var err error
	if config.Method, config.Attended, err = host.Meet(source); err != nil {
		return nil, ownError(err)
	}
	config.SessionName, config.Role = host.NamesOf(source)
	if err := given.join(source, &config); err != nil {
		return nil, err
	}
	machine := place.Machine()
	if err := given.configure(machine, config.Method, config.Attended); err != nil {
		return nil, err
	}
	config.Machine = machine
	if place.Group != nil {
		config.Group = place.Group
	}
	s := newSession(config, &given, base)
	s.done = done
	if place.Joined != nil {
		place.Joined(s.host, func() { _ = s.Close() })
	}
	if err := s.host.Open(place.Seed); err != nil {
		return nil, given.refused(err)
	}
	s.warnOfShare(&given.share)
	return s, nil
}
