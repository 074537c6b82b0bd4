package sources_test

import (
	"bytes"
	"crypto/ecdsa"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/sources"
)

const iotEndpoint = "c1234567890abc.credentials.iot.us-east-1.amazonaws.com"

func iotParams(s *awstest.Server) sources.IoTParams {
	return sources.IoTParams{
		Endpoint: iotEndpoint, RoleAlias: awstest.DefaultAlias, ThingName: awstest.DefaultThing,
		Certificate: sources.PEMFile(s.ClientEC.CertFile), PrivateKey: sources.PEMFile(s.ClientEC.KeyFile),
		CA: sources.PEMFile(s.CAFile), DialContext: dialTo(s.TLSURL),
	}
}

func newIoT(t *testing.T, p sources.IoTParams) *sources.IoT {
	t.Helper()
	s, err := sources.NewIoT(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestIoTResult(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{ClockOffset: 3 * time.Hour})
	files := iotParams(standIn)
	texts := files
	texts.ThingName = ""
	texts.Certificate, texts.PrivateKey = sources.PEMBytes(standIn.ClientRSA.CertPEM), sources.PEMBytes(standIn.ClientRSA.KeyPEM)
	authority := bytes.Clone(standIn.CAPEM)
	texts.CA = sources.PEMBytes(authority)
	clear(authority) // as whoever reads a key into a buffer does, to leave no trace of it
	for i, p := range []sources.IoTParams{files, texts} {
		r, err := newIoT(t, p).Fetch(t.Context(), flight)
		if err != nil {
			t.Fatal(err)
		}
		issued := standIn.Counts().Aliases[awstest.DefaultAlias].Issued
		if len(issued) != i+1 || issued[i].AccessKeyID != r.AccessKeyID || issued[i].ExpiresMs != r.Expires.UnixMilli() {
			t.Errorf("the result is not the set that was issued: %+v, %v", issued, r)
		}
		if d := standIn.Now().Sub(r.ServerTime); d.Abs() > 5*time.Second || r.ServerTime.UnixMilli()%1000 != 999 {
			t.Errorf("the server's time is %v off", d)
		}
		wantNoSecret(t, r, r.AccessKeyID, r.SecretAccessKey, r.SessionToken)
		wantNoSecret(t, p.PrivateKey, string(standIn.ClientRSA.KeyPEM))
		wantNoSecret(t, newIoT(t, p), string(standIn.ClientRSA.KeyPEM), string(standIn.ClientEC.KeyPEM))
	}
}

func TestIoTErrors(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	source := newIoT(t, iotParams(standIn))
	for _, c := range []struct {
		fault  awstest.Fault
		class  core.Class
		reason core.Code
		status int
	}{
		{awstest.Fault{Kind: awstest.KindAccessDenied}, core.Permanent, core.CodeSource, 403},
		{awstest.Fault{Kind: awstest.KindHTTP, Status: 500}, core.Recoverable, core.CodeSource, 500},
		{awstest.Fault{Kind: awstest.KindThrottling, RetryAfterS: 3}, core.Throttled, core.CodeSource, 429},
		{awstest.Fault{Kind: awstest.KindReset}, core.Recoverable, core.CodeSource, 0},
		{awstest.Fault{Kind: awstest.KindTruncated}, core.Recoverable, core.CodeSource, 0},
		{awstest.Fault{Kind: awstest.KindMissingField, Field: "SecretAccessKey"}, core.Recoverable, core.CodeMalformed, 0},
		{awstest.Fault{Kind: awstest.KindMissingField, Field: "Expiration"}, core.Recoverable, core.CodeMalformed, 0},
		{awstest.Fault{Kind: awstest.KindBadExpiration, Expiration: "2026-01-01T00:00:00"}, core.Recoverable, core.CodeMalformed, 0},
	} {
		inject(t, standIn, c.fault)
		_, err := source.Fetch(t.Context(), flight)
		e := sourceError(t, err)
		if e.Class != c.class || e.Status != c.status || e.RetryAfter != time.Duration(c.fault.RetryAfterS)*time.Second {
			t.Errorf("%s: class %v, status %d, pause %v: %v", c.fault.Kind, e.Class, e.Status, e.RetryAfter, e)
		}
		if e.Reason != c.reason && c.fault.Kind != awstest.KindTruncated { // which may break off or be cut
			t.Errorf("%s: reason %v", c.fault.Kind, e.Reason)
		}
	}
}

// rawIoT serves a body over TLS in place of the provider.
func rawIoT(t *testing.T, standIn *awstest.Server, timeout time.Duration, handle http.HandlerFunc) *sources.IoT {
	s := httptest.NewTLSServer(handle)
	t.Cleanup(s.Close)
	p := iotParams(standIn)
	p.InsecureSkipVerify, p.DialContext, p.Timeout = true, dialTo(s.URL), timeout
	return newIoT(t, p)
}

func TestIoTOddReplies(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	const secret = "sentinel-secret-key"
	set := `{"credentials":{"accessKeyId":"A","secretAccessKey":"` + secret + `","sessionToken":"T","expiration":%s}}`
	for name, c := range map[string]struct {
		status int
		body   string
		reason core.Code
	}{
		"html":             {200, "<html>login " + secret, core.CodeMalformed},
		"error in html":    {502, "<html>bad gateway", core.CodeSource},
		"no credentials":   {200, `{"message":"` + secret + `"}`, core.CodeMalformed},
		"null":             {200, `null`, core.CodeMalformed},
		"expiry of a year": {200, fmt.Sprintf(set, "2026"), core.CodeMalformed},
		"naive expiry":     {200, fmt.Sprintf(set, `"2026-01-01T00:00:00"`), core.CodeMalformed},
		"endless":          {200, fmt.Sprintf(set, `"`+strings.Repeat("x", 70<<10)+`"`), core.CodeMalformed},
		"redirect":         {302, "", core.CodeSource},
	} {
		source := rawIoT(t, standIn, 10*time.Second, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		})
		_, err := source.Fetch(t.Context(), flight)
		if e := sourceError(t, err); e.Reason != c.reason || e.Class != core.Recoverable {
			t.Errorf("%s: reason %v, class %v: %v", name, e.Reason, e.Class, e)
		}
		wantNoSecret(t, err, secret)
	}
	release := make(chan struct{})
	// not until its client leaves: it would answer then
	hang := rawIoT(t, standIn, 300*time.Millisecond, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	_, err := hang.Fetch(t.Context(), flight)
	if e := sourceError(t, err); e.Class != core.Recoverable || !strings.Contains(e.Message, "deadline") {
		t.Errorf("a hanging endpoint: %v", e)
	}
}

func TestIoTTrustsOnlyItsCA(t *testing.T) {
	standIn, other := startStandIn(t, awstest.Config{}), startStandIn(t, awstest.Config{})
	p := iotParams(standIn)
	p.CA = sources.PEMBytes(other.CAPEM)
	_, err := newIoT(t, p).Fetch(t.Context(), flight)
	if e := sourceError(t, err); !strings.Contains(e.Message, "certificate") {
		t.Errorf("got %v", e)
	}
	elsewhere := iotParams(standIn)
	elsewhere.Endpoint = strings.Replace(iotEndpoint, "us-east-1", "eu-west-1", 1)
	_, err = newIoT(t, elsewhere).Fetch(t.Context(), flight)
	if e := sourceError(t, err); !strings.Contains(e.Message, "not "+elsewhere.Endpoint) || e.Class != core.Recoverable {
		t.Errorf("a certificate for another host: %v", e)
	}
	p.InsecureSkipVerify = true
	if _, err := newIoT(t, p).Fetch(t.Context(), flight); err != nil {
		t.Errorf("verification is off: %v", err)
	}
}

func TestIoTParameters(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	key := string(standIn.ClientEC.KeyPEM)
	for name, changes := range map[string][]func(*sources.IoTParams){
		"Endpoint": {
			func(p *sources.IoTParams) { p.Endpoint = "" },
			func(p *sources.IoTParams) { p.Endpoint = "evil.example/.credentials.iot.us-east-1.amazonaws.com" },
		},
		"RoleAlias": {func(p *sources.IoTParams) { p.RoleAlias = "" }, func(p *sources.IoTParams) { p.RoleAlias = "../x" }},
		"ThingName": {func(p *sources.IoTParams) { p.ThingName = "a\r\nb: c" }},
		"Certificate": {
			func(p *sources.IoTParams) { p.Certificate = sources.PEM{} },
			func(p *sources.IoTParams) { p.Certificate = sources.PEMFile(key) },
			func(p *sources.IoTParams) { p.Certificate = sources.PEMBytes([]byte(key)) },
		},
		"PrivateKey": {
			func(p *sources.IoTParams) { p.PrivateKey = sources.PEM{} },
			func(p *sources.IoTParams) { p.PrivateKey = sources.PEMFile("/no/such/file") },
			func(p *sources.IoTParams) { p.PrivateKey = sources.PEMFile(standIn.ClientRSA.KeyFile) },
		},
		"Signer": {
			func(p *sources.IoTParams) { p.Signer = standIn.ClientEC.Signer() }, // beside PrivateKey
			func(p *sources.IoTParams) { p.PrivateKey, p.Signer = sources.PEM{}, standIn.ClientRSA.Signer() },
			func(p *sources.IoTParams) { p.PrivateKey, p.Signer = sources.PEM{}, (*ecdsa.PrivateKey)(nil) },
		},
		"Duration": {
			func(p *sources.IoTParams) { p.Duration = time.Minute },
			func(p *sources.IoTParams) { p.Duration = time.Hour + time.Millisecond },
		},
		"CA": {
			func(p *sources.IoTParams) { p.CA = sources.PEMBytes([]byte(key)) },
			func(p *sources.IoTParams) { p.CA = sources.PEMFile(os.DevNull) },
		},
		"Timeout": {func(p *sources.IoTParams) { p.Timeout = -1 }},
	} {
		for _, change := range changes {
			p := iotParams(standIn)
			change(&p)
			_, err := sources.NewIoT(p)
			wantParameter(t, err, name)
			wantNoSecret(t, err, key, strings.Split(key, "\n")[1])
		}
	}
	data := iotParams(standIn)
	data.Endpoint = "c1234567890abc-ats.iot.us-east-1.amazonaws.com"
	source := newIoT(t, data)
	if source.Rewritten() != iotEndpoint || source.Region() != "us-east-1" {
		t.Errorf("a data endpoint became %q in %q", source.Rewritten(), source.Region())
	}
	if _, err := source.Fetch(t.Context(), flight); err != nil {
		t.Error(err)
	}
}
