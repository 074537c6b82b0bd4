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
)

func config(s *awstest.Server, base aws.CredentialsProvider) aws.Config {
	return aws.Config{Region: awstest.DefaultRegion, BaseEndpoint: aws.String(s.URL), Credentials: base}
}

// allSources are one of each method, all with sets that the stand-in issues.
func allSources(t *testing.T, s *awstest.Server) map[string]evercreds.Source {
	t.Helper()
	base := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return s.Base, nil })
	role, err := NewSTS(config(s, base), evercreds.AssumeRole{RoleARN: s.RoleARN})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(role.Close)
	custom, err := NewCustom(func(ctx context.Context) (evercreds.Credentials, error) {
		r, err := role.Fetch(ctx, &evercreds.Flight{Ticket: 1, Cause: evercreds.CauseFirst})
		return r.Credentials, err
	})
	if err != nil {
		t.Fatal(err)
	}
	device, err := NewIoT(evercreds.IoTParams{
		Endpoint: "c1234567890abc.credentials.iot.us-east-1.amazonaws.com", RoleAlias: awstest.DefaultAlias,
		Certificate: evercreds.PEMFile(s.ClientEC.CertFile), PrivateKey: evercreds.PEMFile(s.ClientEC.KeyFile),
		CA: evercreds.PEMFile(s.CAFile),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(s.TLSURL, "https://"))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(device.Close)
	return map[string]evercreds.Source{"sts": role, "custom": custom, "iot": device}
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
	real := clock()
	now := func() core.Now {
		n, a := real(), ahead.elapsed.Load()
		return core.Now{Wall: n.Wall + a, Elapsed: n.Elapsed + a}
	}
	rt := newRuntime(t, modules.plain, now)
	for name, source := range allSources(t, standIn) {
		t.Run(name, func(t *testing.T) {
			s := openSession(t, rt, source)
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
				installs, err := s.Status(core.StatusInstalls)
				if err != nil || installs != hour+1 {
					t.Errorf("in hour %d: %d sets, %v", hour, installs, err)
				}
				ahead.advance(time.Hour)
			}
		})
	}
}
