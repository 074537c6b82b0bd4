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

// Policy is a preset of all the other options.
type Policy = core.Policy

// The policies.
const (
	// Classic (the default): windows of 15 and 10 minutes, UntilExpiry, no jitter.
	Classic Policy = core.Classic
	// Adaptive: windows by lifetime, UntilExpiry, jitter.
	Adaptive Policy = core.Adaptive
	// AWS2026 answers as AWS's SDKs of 2026 do: windows by lifetime, Static,
	// Inline.
	AWS2026 Policy = core.AWS2026
)

// Stability decides what callers get when a refresh that they had to wait for
// failed.
type Stability = core.Stability

// The stabilities.
const (
	// Strict: the error. A successful refresh is required before continuing.
	Strict Stability = core.Strict
	// UntilExpiry: the credentials that are held, while they last.
	UntilExpiry Stability = core.UntilExpiry
	// Static: the credentials that are held, also past their expiry, unless the
	// failure is permanent.
	Static Stability = core.Static
)

// AdvisoryRefresh says who runs a refresh in the advisory window.
type AdvisoryRefresh = core.AdvisoryRefresh

// The ways of an advisory refresh.
const (
	// Background: a goroutine of the session's, and no caller waits.
	Background AdvisoryRefresh = core.Background
	// Inline: the caller who comes first waits for it. The default on AWS
	// Lambda, which freezes background work between calls.
	Inline AdvisoryRefresh = core.Inline
)

// Option is a setting of a session. Values are checked by the constructor,
// whose error names the setting.
type Option func(*settings)

type settings struct {
	given []setting
	log   *slog.Logger
	hook  func(Event)

	config *aws.Config
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

// WithPolicy takes a preset; any other option overrides its part of it.
// Default: Classic.
func WithPolicy(p Policy) Option {
	return func(s *settings) { s.set(core.OptPolicy, float64(p), int(p)) }
}

// WithAdvisoryTimeout sets the advisory window: with at most d left, refresh
// early, and go on with what is held if that fails. Whole seconds, at least the
// mandatory window, below 12 h. Default: 15 min.
func WithAdvisoryTimeout(d time.Duration) Option {
	return func(s *settings) { s.set(core.OptAdvisoryTimeout, d.Seconds(), d) }
}

// WithAutoAdvisoryTimeout picks the advisory window by the lifetime of each set:
// 5 min up to 20 min, 15 min below 90 min, else 1 h.
func WithAutoAdvisoryTimeout() Option {
	return func(s *settings) { s.set(core.OptAdvisoryAuto, 1, true) }
}

// WithMandatoryTimeout sets the mandatory window: with at most d left, a refresh
// must be attempted before credentials are handed out. Whole seconds, at most
// the advisory window. Default: 10 min, or 1 min with automatic windows.
func WithMandatoryTimeout(d time.Duration) Option {
	return func(s *settings) { s.set(core.OptMandatoryTimeout, d.Seconds(), d) }
}

// WithStability decides what a failed refresh means for callers who waited for
// it. Default: UntilExpiry, Static in AWS2026.
func WithStability(v Stability) Option {
	return func(s *settings) { s.set(core.OptStability, float64(v), int(v)) }
}

// WithAdvisoryRefresh says who runs a refresh in the advisory window. Default:
// Background, but Inline where AWS_LAMBDA_FUNCTION_NAME is set.
func WithAdvisoryRefresh(v AdvisoryRefresh) Option {
	return func(s *settings) { s.set(core.OptAdvisoryRefresh, float64(v), int(v)) }
}

// WithRefreshTimeout bounds one refresh: above 0, at most 12 h. Default: 1 min,
// and 15 min for custom sources, where people may log in.
func WithRefreshTimeout(d time.Duration) Option {
	return func(s *settings) { s.set(core.OptRefreshTimeout, d.Seconds(), d) }
}

// WithJitter draws the refresh point of each set, so that many sessions that
// started together do not refresh together. Default: false, true in Adaptive.
func WithJitter(on bool) Option {
	return func(s *settings) { s.set(core.OptJitter, number(on), on) }
}

// WithMaxStale bounds how long Static hands out an expired set: from 0 to 365
// days. Default: no bound.
func WithMaxStale(d time.Duration) Option {
	return func(s *settings) { s.set(core.OptMaxStale, d.Seconds(), d) }
}

// WithMaxWait bounds how long a caller with nothing to be handed out waits for the
// next attempt to begin, where it would get an error otherwise: from 0 to 1 h. The
// wait is longer by at most one refresh that has begun by then. Default: 30 s; 0
// (the error at once) in AWS2026, and where Inline is chosen because
// AWS_LAMBDA_FUNCTION_NAME is set.
func WithMaxWait(d time.Duration) Option {
	return func(s *settings) { s.set(core.OptMaxWait, d.Seconds(), d) }
}

// WithEager fetches at once, and from then on ahead of need, so that an idle session
// stays fresh too. Default: the first call fetches.
func WithEager() Option { return WithDeferRefresh(false) }

// WithDeferRefresh is for programs that have the choice in a variable: false is
// [WithEager], and true the default.
func WithDeferRefresh(on bool) Option {
	return func(s *settings) { s.set(core.OptDeferRefresh, number(on), on) }
}

// WithConfig sets the config of the session's own clients, those of [Client] and
// that of [Session.Identity]: region, endpoint, HTTP client, retries. Its
// credentials are not used. Default: what [NewSTS] was given; for [NewIoT] the
// region of its endpoint; else nothing, so that clients need a region as an option.
func WithConfig(cfg aws.Config) Option {
	cfg = sources.OwnConfig(cfg)
	return func(s *settings) { s.config = &cfg }
}

// WithLogger logs what the session does: refreshes at level Info, failures at
// Warn. Secrets are never logged. Default, and with nil: no logging.
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
