package evercreds_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/leaks"
)

// badFunctions fail in every way that a function can, with the set in their words
// where they return it.
func badFunctions(set evercreds.Credentials) []func(context.Context) (evercreds.Credentials, error) {
	quote := "got " + sentinelKey + " " + sentinelSecret + " and " + sentinelToken
	fail := func(err error) func(context.Context) (evercreds.Credentials, error) {
		return func(context.Context) (evercreds.Credentials, error) { return set, err }
	}
	without := func(spoil func(*evercreds.Credentials)) func(context.Context) (evercreds.Credentials, error) {
		bad := set
		spoil(&bad)
		return func(context.Context) (evercreds.Credentials, error) { return bad, nil }
	}
	return []func(context.Context) (evercreds.Credentials, error){
		fail(errors.New(quote)),
		fail(fmt.Errorf("outer: %w", errors.New(quote))),
		fail(errors.Join(errors.New("one"), errors.New(quote))),
		fail(&evercreds.SourceError{Class: evercreds.Permanent, Code: "AccessDenied", Message: quote, Err: errors.New(quote)}),
		fail(fmt.Errorf("outer: %w", &evercreds.SourceError{Class: evercreds.Permanent, Message: quote})),
		func(context.Context) (evercreds.Credentials, error) { panic(quote) },
		func(context.Context) (evercreds.Credentials, error) { panic(set) },
		func(ctx context.Context) (evercreds.Credentials, error) { <-ctx.Done(); return set, errors.New(quote) },
		without(func(c *evercreds.Credentials) { c.SessionToken = "" }),
		without(func(c *evercreds.Credentials) { c.NoExpiry = true }),
		without(func(c *evercreds.Credentials) { c.Expires = time.Now().Add(-time.Hour) }),
	}
}

func TestACustomSessionShowsNoSecret(t *testing.T) {
	w := newWitness(t, sentinels)
	set := evercreds.Credentials{
		AccessKeyID: sentinelKey, SecretAccessKey: sentinelSecret, SessionToken: sentinelToken, Expires: time.Now().Add(time.Hour),
	}
	w.show(set, &set)
	var source atomic.Pointer[func(context.Context) (evercreds.Credentials, error)]
	s, err := evercreds.NewCustom(func(ctx context.Context) (evercreds.Credentials, error) { return (*source.Load())(ctx) },
		append(w.options(), evercreds.WithRefreshTimeout(300*time.Millisecond), evercreds.WithMaxWait(0))...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	good := func(context.Context) (evercreds.Credentials, error) { return set, nil }
	for range 2 { // with nothing held, and with something
		for _, bad := range badFunctions(set) {
			source.Store(&bad)
			_, err := s.Refresh(t.Context())
			w.failure(err)
			w.session(s)
		}
		source.Store(&good)
		if _, err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.holdsOnly(s, "sets", "lease")
	held, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Invalidate(held)
	_, err = s.Retrieve(t.Context()) // the same set again
	w.failure(err)
	w.session(s)
	s.Close()
	_, err = s.Retrieve(t.Context())
	w.failure(err)
	w.session(s)
	w.holdsOnly(s)
	w.verdict("AccessDenied", "[redacted]", "panicked with a string", "did not answer within", "SessionToken must be 1 to",
		"had already expired", "rejected credentials again", "is closed")
}

func TestACustomErrorNamesWhatIsMissing(t *testing.T) {
	s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		return evercreds.Credentials{AccessKeyID: sentinelKey, SecretAccessKey: sentinelSecret, SessionToken: sentinelToken}, nil
	}, evercreds.WithMaxWait(0))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Retrieve(t.Context())
	var e *evercreds.Error
	if !errors.As(err, &e) || e.Code != evercreds.CodeMalformed || !strings.Contains(e.Error(), "exactly one of Expires and NoExpiry") {
		t.Error(err)
	}
}

// secretsOf are what a device has to hide: of its key, in PEM and in DER, what is
// not in its certificate too.
func secretsOf(t *testing.T, device awstest.ClientCert) leaks.Secrets {
	t.Helper()
	block, _ := pem.Decode(device.KeyPEM)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	scalar, err := key.(interface{ Bytes() ([]byte, error) }).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	secrets := leaks.Secrets{"private key": string(scalar)}
	if told := leaks.Find(secrets).In(device.KeyPEM); len(told) == 0 {
		t.Fatal("the key is not found in its own PEM")
	}
	return secrets
}

// setOf are the secrets of the set that is held.
func setOf(t *testing.T, name string, s *evercreds.Session) leaks.Secrets {
	t.Helper()
	c, err := s.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return leaks.Secrets{name + " access key": c.AccessKeyID, name + " secret key": c.SecretAccessKey, name + " token": c.SessionToken}
}

func TestAnIoTSessionShowsNoSecret(t *testing.T) {
	standIn, _ := startStandIn(t, time.Hour)
	secrets := secretsOf(t, standIn.ClientEC)
	w := newWitness(t, secrets)
	params := evercreds.IoTParams{
		Endpoint: "c1234567890abc.credentials.iot.us-east-1.amazonaws.com", RoleAlias: awstest.DefaultAlias,
		Certificate: evercreds.PEMBytes(standIn.ClientEC.CertPEM), PrivateKey: evercreds.PEMBytes(standIn.ClientEC.KeyPEM),
		CA: evercreds.PEMBytes(standIn.CAPEM),
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(standIn.TLSURL, "https://"))
		},
	}
	s, err := evercreds.NewIoT(params, w.options()...)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	w.show(params, &params, params.PrivateKey, evercreds.DeviceIdentity{Certificate: params.Certificate, PrivateKey: params.PrivateKey})
	w.badParams(params, standIn)
	for _, round := range []string{"first", "second"} {
		for _, kind := range []awstest.Kind{
			awstest.KindAccessDenied, awstest.KindThrottling, awstest.KindHTTP, awstest.KindReset, awstest.KindTruncated,
			awstest.KindMissingField, awstest.KindBadExpiration, awstest.KindExpired,
		} {
			standIn.ClearFaults()
			inject(t, standIn, awstest.Fault{Kind: kind, Alias: awstest.DefaultAlias})
			_, err := s.Refresh(t.Context())
			w.failure(err)
			w.session(s)
		}
		standIn.ClearFaults()
		if _, err := s.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		maps.Copy(secrets, setOf(t, round, s))
	}
	w.finder.Store(leaks.Find(secrets))
	w.session(s)
	w.holdsOnly(s, "sets", "lease")
	s.Close()
	w.session(s)
	w.holdsOnly(s)
	w.verdict("HTTP 403", "must be JSON", "new credentials", "refresh failed", string(evercreds.EventClose))
}

// badParams shows the refusals of parameters in which a key is in the wrong place.
func (w *witness) badParams(good evercreds.IoTParams, standIn *awstest.Server) {
	w.t.Helper()
	key := string(standIn.ClientEC.KeyPEM)
	for _, spoil := range []func(*evercreds.IoTParams){
		func(p *evercreds.IoTParams) { p.Endpoint = key },
		func(p *evercreds.IoTParams) { p.RoleAlias = key },
		func(p *evercreds.IoTParams) { p.ThingName = key },
		func(p *evercreds.IoTParams) { p.Certificate = evercreds.PEMBytes([]byte(key)) },
		func(p *evercreds.IoTParams) { p.CA = evercreds.PEMBytes([]byte(key)) },
		func(p *evercreds.IoTParams) { p.PrivateKey = evercreds.PEMFile(key) },
		func(p *evercreds.IoTParams) { p.PrivateKey = evercreds.PEMBytes([]byte(key[:len(key)-60])) },
		func(p *evercreds.IoTParams) { p.PrivateKey = evercreds.PEMBytes(standIn.ClientRSA.KeyPEM) },
	} {
		bad := good
		spoil(&bad)
		_, err := evercreds.NewIoT(bad)
		w.failure(err)
	}
}
