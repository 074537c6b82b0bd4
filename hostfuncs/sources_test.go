package hostfuncs

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/host"
	"github.com/evercreds/evercreds/internal/sources"
)

func config(s *awstest.Server, base aws.CredentialsProvider) aws.Config {
	return aws.Config{Region: awstest.DefaultRegion, BaseEndpoint: aws.String(s.URL), Credentials: base}
}

// constructor makes a session with an option.
type constructor func(evercreds.Option) (*evercreds.Session, error)

// allSources are one of each method, all with sets that the stand-in issues.
func allSources(t *testing.T, s *awstest.Server) map[string]constructor {
	t.Helper()
	base := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return s.Base, nil })
	role, err := sources.NewSTS(config(s, base), sources.AssumeRole{RoleARN: s.RoleARN})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(role.Close)
	custom := func(ctx context.Context) (evercreds.Credentials, error) {
		r, err := role.Fetch(ctx, &sources.Flight{Ticket: 1, Cause: core.CauseFirst})
		return evercreds.Credentials(r.Credentials), err
	}
	device := evercreds.IoTParams{
		Endpoint: "c1234567890abc.credentials.iot.us-east-1.amazonaws.com", RoleAlias: awstest.DefaultAlias,
		Certificate: evercreds.PEMFile(s.ClientEC.CertFile), PrivateKey: evercreds.PEMFile(s.ClientEC.KeyFile),
		CA: evercreds.PEMFile(s.CAFile),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(s.TLSURL, "https://"))
		},
	}
	noWait := evercreds.WithMaxWait(0)
	return map[string]constructor{
		"sts": func(in evercreds.Option) (*evercreds.Session, error) {
			return evercreds.NewSTS(config(s, base), evercreds.AssumeRole{RoleARN: s.RoleARN}, in, noWait)
		},
		"custom": func(in evercreds.Option) (*evercreds.Session, error) { return evercreds.NewCustom(custom, in, noWait) },
		"iot":    func(in evercreds.Option) (*evercreds.Session, error) { return evercreds.NewIoT(device, in, noWait) },
	}
}

// An embedder under wazero makes signed calls with credentials by all three
// methods, and with new ones when the old ones end.
func TestSignedCallsByAllMethods(t *testing.T) {
	var ahead hands // of the real clocks; the SDK finds out by itself
	standIn, err := awstest.Start(awstest.Config{Clock: func() time.Time {
		return time.Now().Add(time.Duration(ahead.elapsed.Load()) * time.Millisecond)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = standIn.Close() })
	real := host.Place{}.Filled().Clock
	now := func() core.Now {
		n, a := real(), ahead.elapsed.Load()
		return core.Now{Wall: n.Wall + a, Elapsed: n.Elapsed + a}
	}
	rt := newRuntime(t, modules.plain, now)
	for name, with := range allSources(t, standIn) {
		t.Run(name, func(t *testing.T) {
			s := open(t, rt, with)
			for hour := range int64(3) {
				// a new client, since the SDK's keeps the credentials that it got
				client := sts.NewFromConfig(config(standIn, s))
				who, err := client.GetCallerIdentity(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(aws.ToString(who.Arn), ":assumed-role/stand-in") {
					t.Errorf("signed as %s", aws.ToString(who.Arn))
				}
				if n := s.Status().Installs; n != hour+1 {
					t.Errorf("in hour %d: %d sets", hour, n)
				}
				ahead.advance(time.Hour)
			}
		})
	}
}
