package evercreds

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

// Policy is a preset of the other options; docs/concepts/how-it-works.md has the table.
type Policy = core.Policy

// The policies.
const (
	// Classic has windows of 15 and 10 minutes, [UntilExpiry] and no jitter. It is the
	// default.
	Classic Policy = core.Classic
	// Adaptive has windows by lifetime, [UntilExpiry] and jitter.
	Adaptive Policy = core.Adaptive
	// AWS2026 behaves as AWS's SDKs of 2026: windows by lifetime, [Static] and [Inline].
	AWS2026 Policy = core.AWS2026
)

// Stability says what callers get if a refresh that they waited for has failed.
type Stability = core.Stability

// The stabilities.
const (
	// Strict gives them the error.
	Strict Stability = core.Strict
	// UntilExpiry gives them the held credentials until these expire.
	UntilExpiry Stability = core.UntilExpiry
	// Static gives them the held credentials, even expired ones, unless the failure is
	// [Permanent].
	Static Stability = core.Static
)

// AdvisoryRefresh says who waits for a refresh in the advisory window.
type AdvisoryRefresh = core.AdvisoryRefresh

// The ways of an advisory refresh.
const (
	// Background lets nobody wait: a goroutine of the session's fetches.
	Background AdvisoryRefresh = core.Background
	// Inline lets the first caller wait. It is the default on AWS Lambda, which freezes
	// background work between calls.
	Inline AdvisoryRefresh = core.Inline
)

// Option is a setting of a session. The constructor checks its value, and returns a
// [*ParameterError] with the setting's name.
type Option func(*settings)

type settings struct {
	given []setting
	log   *slog.Logger
	hook  func(Event)

	config *aws.Config
	share  sharing
	place  host.Place // of the machine: here, but where [host.In] says otherwise
}

type setting struct {
	option core.Option
	value  float64
	shown  any // the value as the user wrote it
}

func (s *settings) set(o core.Option, value float64, shown any) {
	s.given = append(s.given, setting{o, value, shown})
}

func (s *settings) has(o core.Option) bool {
	for _, g := range s.given {
		if g.option == o {
			return true
		}
	}
	return false
}

// WithPolicy sets a preset. Every other option overrides its part of it. Default:
// [Classic].
func WithPolicy(p Policy) Option {
	return func(s *settings) { s.set(core.OptPolicy, float64(p), int(p)) }
}

// WithAdvisoryTimeout sets the advisory window. With at most d left the session
// refreshes early, and keeps the held credentials if that fails. d is in whole seconds, at
// least the mandatory window and below 12 h. Default: 15 min.
func WithAdvisoryTimeout(d time.Duration) Option {
	return func(s *settings) { s.set(core.OptAdvisoryTimeout, d.Seconds(), d) }
}

// WithAutoAdvisoryTimeout sets the advisory window by the lifetime of each set: 5 min
// for lifetimes up to 20 min, 15 min for those below 90 min, else 1 h. AWS's SDKs of 2026
// have this rule.
func WithAutoAdvisoryTimeout() Option {
	return func(s *settings) { s.set(core.OptAdvisoryAuto, 1, true) }
}

// WithMandatoryTimeout sets the mandatory window. With at most d left callers wait for a
// refresh before they get credentials. d is in whole seconds, at most the advisory window.
// Default: 10 min, or 1 min with automatic windows.
func WithMandatoryTimeout(d time.Duration) Option {
	return func(s *settings) { s.set(core.OptMandatoryTimeout, d.Seconds(), d) }
}

// WithStability sets what callers get if a refresh that they waited for has failed.
// Default: [UntilExpiry], in [AWS2026] [Static].
func WithStability(v Stability) Option {
	return func(s *settings) { s.set(core.OptStability, float64(v), int(v)) }
}

// WithAdvisoryRefresh sets who waits for a refresh in the advisory window. Default:
// [Background]; [Inline] in [AWS2026], and if AWS_LAMBDA_FUNCTION_NAME is set.
func WithAdvisoryRefresh(v AdvisoryRefresh) Option {
	return func(s *settings) { s.set(core.OptAdvisoryRefresh, float64(v), int(v)) }
}

// WithRefreshTimeout bounds one refresh. d is above 0 and at most 12 h. Default:
// 1 min for [NewSTS] and [NewIoT], 15 min for other sources, where a person may log in.
func WithRefreshTimeout(d time.Duration) Option {
	return func(s *settings) { s.set(core.OptRefreshTimeout, d.Seconds(), d) }
}

// WithJitter moves the early refresh of each set by chance, so that sessions that started
// together do not refresh together. Default: false, in [Adaptive] true.
func WithJitter(on bool) Option {
	return func(s *settings) { s.set(core.OptJitter, number(on), on) }
}

// WithMaxStale bounds how long [Static] serves expired credentials, from 0 to 365 days.
// Default: no bound.
func WithMaxStale(d time.Duration) Option {
	return func(s *settings) { s.set(core.OptMaxStale, d.Seconds(), d) }
}

// WithMaxWait bounds how long a caller that would get an error waits for the next attempt
// to begin, from 0 to 1 h. A refresh that has begun by then adds its own time. 0 returns
// the error at once. Default: 30 s; 0 in [AWS2026], and if AWS_LAMBDA_FUNCTION_NAME is set
// and [WithAdvisoryRefresh] is not.
func WithMaxWait(d time.Duration) Option {
	return func(s *settings) { s.set(core.OptMaxWait, d.Seconds(), d) }
}

// WithEager fetches as soon as the session is made, and from then on without a caller, so
// that an idle session stays fresh. Default: the first call fetches.
func WithEager() Option { return WithDeferRefresh(false) }

// WithDeferRefresh is [WithEager] for programs that have the choice in a variable: false
// is eager, true is the default.
func WithDeferRefresh(on bool) Option {
	return func(s *settings) { s.set(core.OptDeferRefresh, number(on), on) }
}

// WithConfig sets the config for [Client] and [Session.Identity]: region, endpoint, HTTP
// client, retries. The session ignores its credentials. Default: the config of [NewSTS];
// the endpoint's region for [NewIoT]; else an empty one, so that clients need a region as
// an option.
func WithConfig(cfg aws.Config) Option {
	cfg = sources.OwnConfig(cfg)
	return func(s *settings) { s.config = &cfg }
}

// WithLogger logs what the session does: refreshes at level Info, failures at Warn,
// details at Debug. It logs no secret. The handler may be slow, panic, or
// use the session: nothing waits for it. Default, and for nil: no log.
func WithLogger(l *slog.Logger) Option {
	return func(s *settings) { s.log = l }
}

func number(on bool) float64 {
	if on {
		return 1
	}
	return 0
}

// configure passes the options on to the machine, the method first.
func (s *settings) configure(machine host.Unopened, method core.Method, attended bool) error {
	s.given = append([]setting{{core.OptMethod, float64(method), method}}, s.given...)
	s.set(core.OptAttended, number(attended), attended)
	if os.Getenv("AWS_LAMBDA_FUNCTION_NAME") != "" && !s.has(core.OptAdvisoryRefresh) {
		s.set(core.OptAdvisoryRefresh, float64(Inline), Inline)
		if !s.has(core.OptMaxWait) { // an error says more than a function that waited too long
			s.set(core.OptMaxWait, 0, 0)
		}
	}
	for _, o := range s.place.Options {
		s.set(o.Option, o.Value, o.Value)
	}
	for _, g := range s.given {
		if err := machine.Set(g.option, g.value); err != nil {
			return parameterError(err, g.shown)
		}
	}
	return nil
}

// refused words what the machine has against the options together, or against one that
// it has not judged before.
func (s *settings) refused(err error) error {
	var shown any
	for _, g := range s.given {
		if e, ok := err.(*core.OptionError); ok && e.Option == g.option {
			shown = g.shown
		}
	}
	return parameterError(err, shown)
}

// parameterError words the machine's refusal, whose rule begins with the name.
func parameterError(err error, shown any) error {
	refused, ok := err.(*core.OptionError)
	if !ok {
		return err
	}
	name, rule, _ := strings.Cut(core.OptionRule(refused.Option), " ")
	if shown != nil {
		rule += fmt.Sprintf("; got %v", shown)
	}
	return &ParameterError{Parameter: name, Expected: rule}
}
