// Package examples_test runs the examples, those in Python and Node too, as a user runs them.
package examples_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds/internal/awstest"
)

const iotEndpoint = "c1234567890abc.credentials.iot.us-east-1.amazonaws.com"

func TestExamples(t *testing.T) {
	standIn := awstest.New(awstest.Config{})
	t.Cleanup(func() { _ = standIn.Close() })
	broker := startBroker(t, standIn)
	device := []string{
		"-endpoint", iotEndpoint, "-role-alias", awstest.DefaultAlias, "-thing-name", awstest.DefaultThing,
		"-certificate", standIn.ClientEC.CertFile, "-private-key", standIn.ClientEC.KeyFile, "-ca", standIn.CAFile,
	}
	for name, c := range map[string]struct{ args, goOnly, nodeOnly []string }{
		"list-buckets":  {args: []string{standIn.RoleARN}},
		"custom-source": {args: []string{broker}},
		"iot-device": {
			args:     device,
			goOnly:   []string{"HTTPS_PROXY=" + startProxy(t, standIn)},
			nodeOnly: []string{"--connect-to", strings.TrimPrefix(standIn.TLSURL, "https://")},
		},
	} {
		t.Run("go "+name, func(t *testing.T) {
			run := exec.CommandContext(t.Context(), "go", append([]string{"run", "./" + name}, c.args...)...)
			wantBuckets(t, standIn, run, c.goOnly)
		})
		t.Run("node "+name, func(t *testing.T) {
			args := []string{"--require", path(t, "tools/run/node-resolve.cjs"), path(t, "examples/node/"+name+".mjs")}
			for _, arg := range append(c.args, c.nodeOnly...) {
				if strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") {
					arg = "-" + arg // as is the custom there
				}
				args = append(args, arg)
			}
			wantBuckets(t, standIn, exec.CommandContext(t.Context(), "node", args...), nil)
		})
		if name == "iot-device" {
			continue // a thing's session in Python takes its endpoint from AWS's own names alone
		}
		t.Run("python "+name, func(t *testing.T) {
			program := append([]string{path(t, "examples/python/"+name+".py")}, c.args...)
			wantBuckets(t, standIn, exec.CommandContext(t.Context(), path(t, "build/venv/bin/python"), program...), nil)
		})
	}
}

// path is that of a file of the project.
func path(t *testing.T, name string) string {
	t.Helper()
	found, err := filepath.Abs(filepath.Join("..", "..", name))
	if err == nil {
		_, err = os.Stat(found)
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// wantBuckets runs an example on the stand-in, and on nothing else.
func wantBuckets(t *testing.T, s *awstest.Server, run *exec.Cmd, more []string) {
	t.Helper()
	run.Env = append(run.Environ(),
		"AWS_ENDPOINT_URL="+s.URL, "AWS_REGION="+awstest.DefaultRegion, "AWS_DEFAULT_REGION="+awstest.DefaultRegion,
		"AWS_ACCESS_KEY_ID="+s.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+s.Base.SecretAccessKey,
		"AWS_SESSION_TOKEN=", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null",
		"AWS_EC2_METADATA_DISABLED=true", "AWS_LAMBDA_FUNCTION_NAME=")
	run.Env = append(run.Env, more...)
	before := s.Counts().Actions[awstest.ActionListBuckets].Successes
	out, err := run.CombinedOutput()
	if err != nil || len(strings.Fields(string(out))) == 0 {
		t.Fatalf("%v: %s", err, out)
	}
	if n := s.Counts().Actions[awstest.ActionListBuckets].Successes - before; n != 1 {
		t.Errorf("%d calls were made and were good", n)
	}
}

// startBroker hands out credentials as the examples of a custom source expect.
func startBroker(t *testing.T, s *awstest.Server) (url string) {
	client := sts.New(sts.Options{
		Region: awstest.DefaultRegion, BaseEndpoint: &s.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return s.Base, nil }),
	})
	broker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := client.AssumeRole(r.Context(), &sts.AssumeRoleInput{RoleArn: &s.RoleARN, RoleSessionName: aws.String("broker")})
		if err != nil {
			t.Error(err)
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{
			"access_key": *out.Credentials.AccessKeyId, "secret_key": *out.Credentials.SecretAccessKey,
			"token": *out.Credentials.SessionToken, "expiry_time": out.Credentials.Expiration.Format(time.RFC3339),
		})
	}))
	t.Cleanup(broker.Close)
	return broker.URL + "/credentials"
}

// startProxy takes whoever asks for a tunnel to the stand-in: the endpoint's name
// is one of AWS's.
func startProxy(t *testing.T, s *awstest.Server) (url string) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		onward, err := net.Dial("tcp", strings.TrimPrefix(s.TLSURL, "https://"))
		if err != nil || r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer onward.Close()
		client, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer client.Close()
		if _, err := io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
			return
		}
		go func() { _, _ = io.Copy(onward, client) }()
		_, _ = io.Copy(client, onward)
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL
}
