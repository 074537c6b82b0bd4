package hostfuncs

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/built"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/hostexecutor"
	"github.com/evercreds/evercreds/internal/sources"
)

var play = flag.Bool("host-executor", false, "play the scenarios of docs/HOST.md that standard input has")

func TestHostExecutor(t *testing.T) {
	if !*play {
		t.Skip("for ./task hosts")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if modules.plain, err = os.ReadFile(filepath.Join(filepath.Dir(program), "evercreds.wasm")); err != nil {
		t.Fatal(err)
	}
	modules.cache = built.ModuleCache()
	hostexecutor.Run(t, &played{newRuntime(t, modules.plain, nil)})
}

// played is one instance for all scenarios, each of which has clocks of its own.
type played struct{ rt *Runtime }

func (p *played) Open(source sources.Source, clock func() core.Now, options []hostexecutor.Option, tell func(host.Event)) (hostexecutor.Session, error) {
	p.rt.clock = clock
	given := make([]setting, len(options))
	for i, o := range options {
		given[i] = setting{o.Option, o.Value}
	}
	s, err := p.rt.open(source, given, 1, tell)
	if err != nil {
		return nil, err
	}
	return playedSession{s}, nil
}

func (*played) Failure(err error) (host.Failure, bool) {
	var e *evercreds.Error
	if !errors.As(err, &e) {
		return host.Failure{}, false
	}
	return host.Failure{Code: core.Code(e.Code), Class: core.Class(e.Class), RetryAt: e.RetryAt}, true
}

func (*played) Refused(err error) (string, bool) {
	var e *evercreds.ParameterError
	switch {
	case !errors.As(err, &e):
		return "", false
	case e.Parameter == "MinTTL":
		return "min_ttl", true
	}
	return e.Parameter, true
}

type playedSession struct{ *Session }

func (s playedSession) Ask(ctx context.Context, minTTL time.Duration, refused *aws.Credentials, evidence core.Evidence) (aws.Credentials, error) {
	switch {
	case refused != nil:
		return s.CredentialsOtherThan(ctx, *refused, evidence)
	case minTTL != 0:
		return s.CredentialsFor(ctx, minTTL)
	}
	return s.Retrieve(ctx)
}

func (s playedSession) Invalidate(creds aws.Credentials) { _ = s.Session.Invalidate(creds) }

func (s playedSession) Status(field core.Field) int64 {
	value, _ := s.Session.Status(field)
	return value
}

func (s playedSession) Close() { _ = s.Session.Close() }
