package examples_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/abi/words"
	"github.com/evercreds/evercreds/internal/awstest"
)

// trouble makes a session that meets one, and returns its error.
type trouble func(t *testing.T, s *awstest.Server) error

// troubles are all that the table has.
var troubles = map[string]trouble{
	"no_region": func(t *testing.T, s *awstest.Server) error {
		_, err := evercreds.NewSTS(aws.Config{Credentials: base(s)}, evercreds.AssumeRole{RoleARN: s.RoleARN})
		return err
	},
	"no_profile": func(t *testing.T, s *awstest.Server) error {
		return assume(t, s, with(asking(t, "no-such-profile", "")))
	},
	"login_ended": func(t *testing.T, s *awstest.Server) error {
		return assume(t, s, with(asking(t, "sso", `[profile sso]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = reader
`)))
	},
	"no_credentials": func(t *testing.T, s *awstest.Server) error { return assume(t, s, with(asking(t, "", ""))) },
	"short_base": func(t *testing.T, s *awstest.Server) error {
		first, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
			return evercreds.Credentials{AccessKeyID: "x", SecretAccessKey: "x", SessionToken: "x", Expires: time.Now().Add(40 * time.Second)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = first.Close() })
		return assume(t, s, with(first))
	},
	"no_code": func(t *testing.T, s *awstest.Server) error {
		return assume(t, s, mfa(func(context.Context) (string, error) { return "", errors.New("no device") }))
	},
	"mfa_refused": func(t *testing.T, s *awstest.Server) error {
		refuse(t, s, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
		return assume(t, s, mfa(func(context.Context) (string, error) { return "123456", nil }))
	},
	"access_denied": refused("AccessDenied"),
	"alias_denied": func(t *testing.T, s *awstest.Server) error {
		return device(t, s, func(p *evercreds.IoTParams) { p.ThingName = "another-thing" })
	},
	"no_alias": func(t *testing.T, s *awstest.Server) error {
		return device(t, s, func(p *evercreds.IoTParams) { p.RoleAlias = "no-such-alias" })
	},
	"unknown_key": func(t *testing.T, s *awstest.Server) error {
		return assume(t, s, signed(func(c *aws.Credentials) { c.AccessKeyID = "AKIAIOSFODNN7EXAMPLE" }))
	},
	"clock": func(t *testing.T, s *awstest.Server) error {
		return assume(t, s, signed(func(c *aws.Credentials) { c.SecretAccessKey += "x" }))
	},
	"expired_credentials": refused("ExpiredToken"),
	"throttled":           refused("Throttling"),
	"region_disabled":     refused("RegionDisabledException"),
	"bad_request":         refused("PackedPolicyTooLarge"),
	"proxy": func(t *testing.T, s *awstest.Server) error {
		return assume(t, s, at("https://sts.us-east-1.amazonaws.com"), through(func(tr *http.Transport) {
			tr.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(nobody(t)) }
		}))
	},
	"no_aws_reply": func(t *testing.T, s *awstest.Server) error {
		portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
		}))
		t.Cleanup(portal.Close)
		return assume(t, s, at(portal.URL))
	},
	"service_down": refused("ServiceUnavailable"),
	"tls":          func(t *testing.T, s *awstest.Server) error { return assume(t, s, at(s.TLSURL)) },
	"network":      func(t *testing.T, s *awstest.Server) error { return assume(t, s, at(nobody(t))) },
	"timeout": func(t *testing.T, s *awstest.Server) error {
		hang(t, s)
		return assume(t, s, through(func(tr *http.Transport) { tr.ResponseHeaderTimeout = 100 * time.Millisecond }))
	},
}

// Each trouble that users meet is provoked: the first sentence says what is wrong and what
// to do, the error names role and code, and nothing that was sent is in it.
func TestTroubles(t *testing.T) {
	for _, known := range words.Troubles {
		t.Run(known.Name, func(t *testing.T) {
			provoke := troubles[known.Name]
			if provoke == nil {
				t.Fatal("no test provokes it")
			}
			s := awstest.New(awstest.Config{})
			t.Cleanup(func() { _ = s.Close() })
			err := provoke(t, s)
			sentence := words.In(words.Go, known.Sentence())
			if known.Name == "no_region" { // it is refused before a refresh
				if err == nil || !strings.HasSuffix(err.Error(), sentence) {
					t.Errorf("%v", err)
				}
				return
			}
			var got *evercreds.Error
			if !errors.As(err, &got) || !strings.HasPrefix(got.Error(), "evercreds: "+sentence+" (") {
				t.Fatalf("%v\nwant %s", err, sentence)
			}
			if got.AWSErrorCode != known.Name && !slices.Contains(known.Codes, got.AWSErrorCode) {
				t.Errorf("the code is %q", got.AWSErrorCode)
			}
			if known.As != "" && got.Class != evercreds.Permanent { // docs/concepts/errors.md says so
				t.Errorf("the class is %s", got.Class)
			}
			if got.Role == "" || !strings.Contains(got.Error(), got.AWSErrorCode) || !strings.Contains(got.Error(), got.Role) {
				t.Errorf("role %q in %v", got.Role, got)
			}
		})
	}
}

type settings struct {
	config aws.Config
	role   evercreds.AssumeRole
}

type set func(*settings)

// assume asks a session for credentials.
func assume(t *testing.T, s *awstest.Server, change ...set) error {
	t.Helper()
	given := settings{
		config: aws.Config{Region: awstest.DefaultRegion, BaseEndpoint: aws.String(s.URL), Credentials: base(s), Retryer: once},
		role:   evercreds.AssumeRole{RoleARN: s.RoleARN},
	}
	for _, c := range change {
		c(&given)
	}
	session, err := evercreds.NewSTS(given.config, given.role, evercreds.WithMaxWait(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	_, err = session.Retrieve(t.Context())
	if last := session.Status().LastError; last == nil || last.Error() != err.Error() {
		t.Errorf("the status has %v", last)
	}
	return err
}

// device asks as a device for credentials.
func device(t *testing.T, s *awstest.Server, change func(*evercreds.IoTParams)) error {
	params := evercreds.IoTParams{
		Endpoint: iotEndpoint, RoleAlias: awstest.DefaultAlias, ThingName: awstest.DefaultThing,
		Certificate: evercreds.PEMFile(s.ClientEC.CertFile), PrivateKey: evercreds.PEMFile(s.ClientEC.KeyFile),
		CA: evercreds.PEMFile(s.CAFile), DialContext: dialer(s),
	}
	change(&params)
	session, err := evercreds.NewIoT(params, evercreds.WithMaxWait(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	_, err = session.Retrieve(t.Context())
	return err
}

func once() aws.Retryer { return aws.NopRetryer{} }

func base(s *awstest.Server) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return s.Base, nil })
}

func with(credentials aws.CredentialsProvider) set {
	return func(s *settings) { s.config.Credentials = credentials }
}

func at(endpoint string) set {
	return func(s *settings) { s.config.BaseEndpoint = &endpoint }
}

func through(change func(*http.Transport)) set {
	return func(s *settings) { s.config.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(change) }
}

func mfa(code func(context.Context) (string, error)) set {
	return func(s *settings) { s.role.SerialNumber, s.role.MFA = "arn:aws:iam::123456789012:mfa/me", code }
}

// signed has the call signed with keys that are not good.
func signed(spoil func(*aws.Credentials)) set {
	return func(s *settings) {
		good, _ := s.config.Credentials.Retrieve(context.Background())
		spoil(&good)
		s.config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return good, nil })
	}
}

// asking asks the SDK's own chain for credentials, at each refresh.
func asking(t *testing.T, profile, file string) aws.CredentialsProvider {
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": profile, "HOME": t.TempDir(),
		"AWS_CONFIG_FILE": path, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "us-east-1",
	} {
		t.Setenv(name, value)
	}
	return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return aws.Credentials{}, err
		}
		return cfg.Credentials.Retrieve(ctx)
	})
}

func refuse(t *testing.T, s *awstest.Server, code, message string) {
	if err := s.Inject(awstest.Fault{Kind: awstest.KindError, Role: s.RoleARN, Status: 403, Code: code, Message: message}); err != nil {
		t.Fatal(err)
	}
}

func refused(code string) trouble {
	return func(t *testing.T, s *awstest.Server) error {
		refuse(t, s, code, "")
		return assume(t, s)
	}
}

func hang(t *testing.T, s *awstest.Server) {
	if err := s.Inject(awstest.Fault{Kind: awstest.KindHang, Role: s.RoleARN}); err != nil {
		t.Fatal(err)
	}
}

// nobody is where nobody listens.
func nobody(_ *testing.T) string {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	return closed.URL
}

// dialer connects to the stand-in, whatever the endpoint's name.
func dialer(s *awstest.Server) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(s.TLSURL, "https://"))
	}
}
