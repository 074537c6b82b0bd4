package hostfuncs

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/leaks"
)

// sentinels are what a custom source brings. No module has them by itself.
var sentinels = leaks.Secrets{
	"access key": "ASIASENTINELACCESSKEY", "secret key": "sentinelu8Hr5Dw3q7Zkq7Zkq7Zkq7Zk4321",
	"session token": "Sentinelk4Gt7Bn1x9Wv2Jr4x9Wv2Jr4x9Wv2Jr4x9Wv2Jr4", "one-time code": "918273",
	"external id": "SENTINEL-external-id-of-a-few",
}

// memory is a copy of all that an instance has for a memory.
func memory(t *testing.T, m *machine) []byte {
	t.Helper()
	all := m.module.Memory()
	b, ok := all.Read(0, all.Size())
	if !ok || len(b) < 1<<20 || !strings.Contains(string(b), "evercreds") {
		t.Fatalf("%d bytes, which are not the module's", len(b))
	}
	return append([]byte(nil), b...)
}

// wantNone scans the memory of the instance that serves now, and what the sessions
// show of themselves.
func wantNone(t *testing.T, rt *clocked, secrets leaks.Secrets, sessions ...*session) {
	t.Helper()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	finder := leaks.Find(secrets)
	for _, told := range finder.In(memory(t, rt.machine)) {
		t.Errorf("in the module's memory: %s", told)
	}
	for _, s := range sessions {
		for _, told := range finder.In(s.handle.snapshot) {
			t.Errorf("in a snapshot: %s", told)
		}
		for _, v := range []any{rt.Runtime, rt.machine} {
			if told := finder.In([]byte(leaks.Shown(v))); len(told) > 0 {
				t.Errorf("%T shows %v", v, told)
			}
		}
	}
}

// wantQuiet checks an error that there must be.
func wantQuiet(t *testing.T, secrets leaks.Secrets, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
	}
	finder := leaks.Find(secrets)
	if told := finder.In([]byte(leaks.Shown(err))); len(told) > 0 {
		t.Errorf("%v: shows %v", err, told)
	}
	for _, path := range finder.Reached(err) {
		t.Errorf("%T%s", err, path)
	}
}

// What the scans below say is worth what a scan finds: a call that does take bytes
// into the module leaves them there.
func TestScanFindsWrittenBytes(t *testing.T) {
	for form, encode := range map[string]func(string) string{
		"as it is":       func(s string) string { return s },
		"in hexadecimal": func(s string) string { return hex.EncodeToString([]byte(s)) },
		"in Base64":      func(s string) string { return base64.StdEncoding.EncodeToString([]byte(`{"x":"` + s + `"}`)) },
	} {
		for name, secret := range sentinels {
			if form == "in Base64" && len(secret) < 12 {
				continue
			}
			m := newMachine(t, modules.plain, silent{})
			finder := leaks.Find(leaks.Secrets{name: secret})
			if told := finder.In(memory(t, m)); len(told) > 0 {
				t.Fatalf("%s, before it was there: %v", name, told)
			}
			part := secret
			if len(secret) > 20 {
				part = secret[2:20]
			}
			if _, err := m.expiry(encode(part)); err == nil {
				t.Fatalf("%s is a time", part)
			}
			if told := finder.In(memory(t, m)); len(told) != 1 || told[0] != name+", "+form {
				t.Errorf("%s, %s: found %v", name, form, told)
			}
		}
	}
}

// secretive brings the sentinels, with every word of its errors a secret.
func secretive(h *hands, reply *func() (evercreds.Credentials, error)) constructor {
	return func(in evercreds.Option) (*evercreds.Session, error) {
		return evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
			if *reply != nil {
				return (*reply)()
			}
			return sentinelSet(h), nil
		}, in, evercreds.WithMaxWait(0))
	}
}

// sentinelSet is another one at each time.
func sentinelSet(h *hands) evercreds.Credentials {
	return evercreds.Credentials{
		AccessKeyID: fmt.Sprint(sentinels["access key"], h.now().Elapsed), SecretAccessKey: sentinels["secret key"], SessionToken: sentinels["session token"],
		Expires: time.UnixMilli(h.now().Wall).Add(time.Hour),
	}
}

func TestACustomSourcesSecretsStayOutOfTheModule(t *testing.T) {
	h := &hands{}
	for name, wasm := range map[string][]byte{"plain": modules.plain, "panicking": modules.panicking} {
		t.Run(name, func(t *testing.T) {
			var reply func() (evercreds.Credentials, error)
			rt := newRuntime(t, wasm, h.now)
			s := open(t, rt, secretive(h, &reply))
			quote := fmt.Sprint(sentinels["secret key"], sentinels["session token"])
			bad := sentinelSet(h)
			bad.SessionToken = ""
			for _, fail := range []func() (evercreds.Credentials, error){
				func() (evercreds.Credentials, error) { return sentinelSet(h), errors.New(quote) },
				func() (evercreds.Credentials, error) {
					return sentinelSet(h), &evercreds.SourceError{Class: evercreds.Permanent, Code: "AccessDenied", Message: quote}
				},
				func() (evercreds.Credentials, error) { panic(quote) },
				func() (evercreds.Credentials, error) { return bad, nil },
			} {
				reply = fail
				_, err := s.Refresh(t.Context())
				wantQuiet(t, leaks.Secrets{"secret key": sentinels["secret key"], "session token": sentinels["session token"]}, err)
			}
			reply = nil
			for range 3 {
				creds, err := s.Refresh(t.Context())
				if err != nil || creds.SessionToken != sentinels["session token"] {
					t.Fatalf("got %v, %v", creds, err)
				}
				wantNone(t, rt, sentinels, s)
				s.Invalidate(creds)
				_, err = s.Retrieve(t.Context()) // the same set again
				wantQuiet(t, sentinels, err)
				wantNone(t, rt, sentinels, s)
				h.advance(50 * time.Minute)
			}
			if name == "panicking" {
				trap(t, rt)
				if _, err := s.Refresh(t.Context()); err != nil {
					t.Fatal(err)
				}
				wantNone(t, rt, sentinels, s)
			}
			s.Close()
			_, err := s.Retrieve(t.Context())
			wantQuiet(t, sentinels, err)
			wantNone(t, rt, sentinels)
			if kept := leaks.Find(sentinels).Reached(s.Session, ".rt", ".source"); len(kept) > 0 {
				t.Errorf("the closed session keeps %v", kept)
			}
		})
	}
}

func TestSecretsOfRealCallsStayOutOfTheModule(t *testing.T) {
	standIn, err := awstest.Start(awstest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = standIn.Close() })
	codes := 0
	all := allSources(t, standIn)
	base := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return standIn.Base, nil })
	all["sts with a code"] = func(in evercreds.Option) (*evercreds.Session, error) {
		return evercreds.NewSTS(config(standIn, base), evercreds.AssumeRole{
			RoleARN: standIn.RoleARN, ExternalID: sentinels["external id"], SerialNumber: "arn:aws:iam::123456789012:mfa/me",
			MFA: func(context.Context) (string, error) {
				codes++
				return []string{sentinels["one-time code"], "827364"}[codes%2], nil
			},
		}, in, evercreds.WithMaxWait(0))
	}
	for name, with := range all {
		t.Run(name, func(t *testing.T) {
			secrets := maps.Clone(sentinels)
			secrets["base key"], secrets["other code"] = standIn.Base.SecretAccessKey, "827364"
			secrets["private key"] = string(standIn.ClientEC.KeyPEM[60:120])
			rt := newRuntime(t, modules.plain, nil)
			s := open(t, rt, with)
			for _, kind := range []awstest.Kind{awstest.KindAccessDenied, awstest.KindThrottling, awstest.KindTruncated, awstest.KindMissingField, awstest.KindExpired} {
				faults(t, standIn, kind)
				_, err := s.Refresh(t.Context())
				wantQuiet(t, secrets, err)
				faults(t, standIn)
				set, err := s.Refresh(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				secrets[string(kind)+" secret"], secrets[string(kind)+" token"], secrets[string(kind)+" key"] = set.SecretAccessKey, set.SessionToken, set.AccessKeyID
			}
			wantNone(t, rt, secrets, s)
		})
	}
}

// faults has every source of the stand-in's fail in these ways alone.
func faults(t *testing.T, standIn *awstest.Server, kinds ...awstest.Kind) {
	t.Helper()
	standIn.ClearFaults()
	for _, kind := range kinds {
		for _, f := range []awstest.Fault{{Kind: kind, Role: standIn.RoleARN}, {Kind: kind, Alias: awstest.DefaultAlias}} {
			if err := standIn.Inject(f); err != nil {
				t.Fatal(err)
			}
		}
	}
}
