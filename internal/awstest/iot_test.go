package awstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	aliasPath   = "/role-aliases/" + DefaultAlias + "/credentials"
	iotEndpoint = "https://c1a2b3.credentials.iot.us-east-1.amazonaws.com"
)

func iotRequest(t *testing.T, url string, header ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

// iotCredentials reads a good reply.
func iotCredentials(t *testing.T, a answer) (aws.Credentials, string) {
	t.Helper()
	var reply struct {
		Credentials struct{ AccessKeyID, SecretAccessKey, SessionToken, Expiration string }
	}
	if err := json.Unmarshal([]byte(a.body), &reply); err != nil || a.status != 200 {
		t.Fatalf("%d, %v", a.status, err)
	}
	c := reply.Credentials
	return aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, c.Expiration
}

func TestIoTCredentials(t *testing.T) {
	s, clock := start(t, Config{})
	for name, cert := range map[string]ClientCert{"EC": s.ClientEC, "RSA": s.ClientRSA} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			for _, base := range []string{s.TLSURL, iotEndpoint, "https://localhost"} {
				t.Run(name+" "+tls.VersionName(version)+" "+strings.TrimPrefix(base, s.TLSURL), func(t *testing.T) {
					got := send(t, deviceClient(t, s, version, cert), iotRequest(t, base+aliasPath, "x-amzn-iot-thingname", DefaultThing))
					creds, expiration := iotCredentials(t, got)
					if want := clock.Now().Add(time.Hour).UTC().Format(time.RFC3339); expiration != want {
						t.Errorf("expiration %s, want %s", expiration, want)
					}
					if len(got.body) > 2048 || !strings.Contains(got.body, `"accessKeyId"`) {
						t.Errorf("%d bytes", len(got.body))
					}
					out, err := stsClient(s, creds).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
					if err != nil || !strings.Contains(aws.ToString(out.Arn), ":assumed-role/stand-in-device/") {
						t.Errorf("the set does not work: %v", err)
					}
				})
			}
		}
	}
}

func TestIoTRefusals(t *testing.T) {
	s, _ := start(t, Config{})
	device, stranger := deviceClient(t, s, 0, s.ClientEC), deviceClient(t, s, 0)
	good := s.TLSURL + aliasPath
	for _, tc := range []struct {
		name    string
		client  *http.Client
		request *http.Request
		status  int
		message string
	}{
		{"no certificate", stranger, iotRequest(t, good), 403, "Access Denied"},
		{"thing not attached", device, iotRequest(t, good, thingHeader, "another"), 403, "Access Denied"},
		{"empty thing", device, iotRequest(t, good, thingHeader, ""), 403, "Access Denied"},
		{"two things", device, iotRequest(t, good, thingHeader, DefaultThing, thingHeader, "x"), 403, "Access Denied"},
		{"unknown alias", device, iotRequest(t, s.TLSURL+"/role-aliases/nobody/credentials"), 404, "Not Found"},
		{"malformed alias", device, iotRequest(t, s.TLSURL+"/role-aliases/a.b/credentials"), 404, "Not Found"},
		{"another path", device, iotRequest(t, s.TLSURL+"/role-aliases/"+DefaultAlias), 404, "Not Found"},
		{"data endpoint", device, iotRequest(t, "https://127.0.0.1"+aliasPath), 404, "Not Found"},
		{"another region", device, iotRequest(t, "https://127.0.0.1"+aliasPath), 404, "Not Found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client := tc.client
			if server := map[string]string{
				"data endpoint":  "c1a2b3-ats.iot.us-east-1.amazonaws.com",
				"another region": "c1a2b3.credentials.iot.eu-west-1.amazonaws.com",
			}[tc.name]; server != "" {
				client = sniClient(t, s, server)
			}
			got := send(t, client, tc.request)
			var body struct{ Message, TraceID string }
			if err := json.Unmarshal([]byte(got.body), &body); err != nil {
				t.Fatal(err)
			}
			if got.status != tc.status || body.Message != tc.message || body.TraceID == "" {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
}

// sniClient asks for a name in the handshake that the certificate is not for.
func sniClient(t *testing.T, s *Server, name string) *http.Client {
	t.Helper()
	client := deviceClient(t, s, 0, s.ClientEC)
	cfg := client.Transport.(*http.Transport).TLSClientConfig
	cfg.ServerName = name
	cfg.InsecureSkipVerify = true // the point is what the server makes of the name
	return client
}

func TestIoTMethod(t *testing.T) {
	s, _ := start(t, Config{})
	r := iotRequest(t, s.TLSURL+aliasPath)
	r.Method = http.MethodPost
	if got := send(t, deviceClient(t, s, 0, s.ClientEC), r); got.status != 405 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := send(t, plainClient(), iotRequest(t, s.URL+aliasPath)); got.status/100 == 2 {
		t.Errorf("served over http: %d", got.status)
	}
}

// A certificate of another authority ends the connection, whatever its name.
func TestWrongAuthorities(t *testing.T) {
	s, _ := start(t, Config{})
	other, _ := start(t, Config{})
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		if response, err := deviceClient(t, s, version, other.ClientEC).Do(iotRequest(t, s.TLSURL+aliasPath)); err == nil {
			_ = response.Body.Close()
			t.Errorf("%s: a stranger's certificate got %d", tls.VersionName(version), response.StatusCode)
		}
	}
	if n := s.Counts().Actions[ActionRoleAlias].Attempts; n != 0 {
		t.Errorf("%d calls came through", n)
	}
	client := deviceClient(t, s, 0, s.ClientEC)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(other.CAPEM)
	client.Transport.(*http.Transport).TLSClientConfig.RootCAs = pool
	if response, err := client.Do(iotRequest(t, s.TLSURL+aliasPath)); err == nil {
		_ = response.Body.Close()
		t.Error("a client that trusts another authority was content")
	}
}

func TestIssueClientCert(t *testing.T) {
	s, _ := start(t, Config{})
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certPEM, err := s.IssueClientCert("lathe:7", key.Public())
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := ClientCert{CertPEM: certPEM, KeyPEM: encodePEM("PRIVATE KEY", der)}
	got := send(t, deviceClient(t, s, 0, cert), iotRequest(t, s.TLSURL+aliasPath, thingHeader, "lathe:7"))
	iotCredentials(t, got)
	if _, err := s.IssueClientCert("a b", key.Public()); err == nil || !strings.Contains(err.Error(), "thing") {
		t.Errorf("a bad thing name: %v", err)
	}
}
