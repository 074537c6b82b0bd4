package evercreds

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/hostfuncs"
	"github.com/evercreds/evercreds/internal/host"
)

// What the constructors take and return, of package hostfuncs.
type (
	// AssumeRole says which role to assume, and how; see [NewSTS].
	AssumeRole = hostfuncs.AssumeRole
	// IoTParams say where and as whom the AWS IoT credentials provider is
	// asked; see [NewIoT].
	IoTParams = hostfuncs.IoTParams
	// DeviceIdentity is a device's certificate and key, for MQTT; see module
	// github.com/evercreds/evercreds/mqtt.
	DeviceIdentity = hostfuncs.DeviceIdentity
	// Credentials are what a custom function returns; see [NewCustom].
	Credentials = hostfuncs.Credentials
	// PEM is a certificate or key: [PEMFile] or [PEMBytes].
	PEM = hostfuncs.PEM
	// Source is any other way to fetch credentials; see [New].
	Source = hostfuncs.Source
	// SourceError is why a source brought no credentials; an [Error] unwraps to
	// it.
	SourceError = hostfuncs.Error
	// ParameterError refuses a parameter or option, and names it.
	ParameterError = hostfuncs.ParameterError
)

// PEMFile is PEM text in a file, read again for each refresh.
func PEMFile(path string) PEM { return hostfuncs.PEMFile(path) }

// PEMBytes is PEM text itself.
func PEMBytes(text []byte) PEM { return hostfuncs.PEMBytes(text) }

// NewSTS makes a session of an assumed role. cfg has the base credentials,
// which are asked for anew at each refresh, and the region and endpoint of STS.
//
// Where cfg.Credentials is itself a *Session, roles are chained: the parent is
// asked for credentials with at least a minute left, and a Duration above one
// hour is refused, since STS does.
func NewSTS(cfg aws.Config, role AssumeRole, opts ...Option) (*Session, error) {
	if parent, ok := cfg.Credentials.(*Session); ok {
		if parent == nil {
			return nil, &ParameterError{Parameter: "Credentials", Expected: "of the aws.Config must be a session, not a nil *Session"}
		}
		method := parent.method
		role.Chained = role.Chained || method == core.MethodSTS || method == core.MethodIoT
		cfg = parent.Config(cfg) // where STS rejects the parent's set, the parent is told
		cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			return parent.Credentials(ctx, MinTTL(time.Minute))
		})
	}
	source, err := hostfuncs.NewSTS(cfg, role)
	if err != nil {
		return nil, err
	}
	return open(source, source.Close, hostfuncs.OwnConfig(cfg), opts)
}

// NewCustom makes a session of a function of the user's. The function returns
// all three keys and either Expires or NoExpiry, and ends soon after its context
// does. It is never called twice at once, unless one call outlasts its time.
//
// Clients that the function uses sign with credentials of their own: those of the
// session are what it was called for, and [ErrReentrant] is the answer where its
// context, which it must pass on, reaches the session.
//
// An error of the function's may be a [*SourceError], whose Class (core.Permanent
// keeps callers from trying again at once) and RetryAfter then hold, or one of
// the AWS SDK, which is sorted by its code. Any other is recoverable.
func NewCustom(fetch func(ctx context.Context) (Credentials, error), opts ...Option) (*Session, error) {
	source, err := hostfuncs.NewCustom(fetch)
	if err != nil {
		return nil, err
	}
	return open(source, nil, aws.Config{}, opts)
}

// NewIoT makes a session of a device's certificate.
func NewIoT(params IoTParams, opts ...Option) (*Session, error) {
	source, err := hostfuncs.NewIoT(params)
	if err != nil {
		return nil, err
	}
	s, err := open(source, source.Close, aws.Config{Region: source.Region()}, opts)
	if host := source.Rewritten(); err == nil && host != "" {
		s.warn("Endpoint is a data endpoint; the credentials endpoint is used in its place", slog.String("endpoint", host))
	}
	return s, err
}

// New makes a session of any other source. Its Method is a number from
// core.MethodRegistered on, and asked once; so is Attended() bool, where it has that:
// it tells that a refresh prompts a person, so that none is made ahead of need. The
// source is the caller's to close.
func New(source Source, opts ...Option) (*Session, error) {
	if source == nil {
		return nil, &ParameterError{Parameter: "source", Expected: "must be a Source, not nil"}
	}
	return open(source, nil, aws.Config{}, opts)
}

// open makes the session; done, which may be nil, is called when it is closed.
func open(source Source, done func(), base aws.Config, opts []Option) (*Session, error) {
	return openAt(monotonic(time.Now()), source, done, base, opts)
}

// openAt takes the clock too, for tests in which the wall clock steps.
func openAt(clock func() core.Now, source Source, done func(), base aws.Config, opts []Option) (*Session, error) {
	given := settings{seed: rand.Uint64()}
	for _, o := range opts {
		if o == nil {
			return nil, &ParameterError{Parameter: "opts", Expected: "must not hold nil"}
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
