package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
)

const (
	roleARN  = "arn:aws:iam::123456789012:role/app"
	otherARN = "arn:aws:iam::123456789012:role/other"
)

const file = `
roles:
  app: { sts: { role_arn: "` + roleARN + `" } }
  other: { sts: { role_arn: "` + otherARN + `" } }
`

// place is the machine of one case: a stand-in, a home, a server.
type place struct {
	evercreds string
	aws       *awstest.Server
	dir       string
	listener  *net.TCPListener // held here, as systemd does
	server    *exec.Cmd
	log       bytes.Buffer
}

func newPlace(evercreds string, lifetime time.Duration) (*place, error) {
	dir, err := os.MkdirTemp("", "evercreds-contract-")
	if err != nil {
		return nil, err
	}
	server, err := awstest.Start(awstest.Config{Lifetime: lifetime})
	if err != nil {
		return nil, err
	}
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	p := &place{evercreds: evercreds, aws: server, dir: dir, listener: listener}
	return p, os.WriteFile(filepath.Join(dir, "roles.yaml"), []byte(file), 0o600)
}

func (p *place) close() {
	p.stop()
	_ = p.listener.Close()
	_ = p.aws.Close()
	_ = os.RemoveAll(p.dir)
}

// base is the environment of a process here, without credentials.
func (p *place) base(more ...string) []string {
	root, _ := os.Getwd()
	modules := os.Getenv("EVERCREDS_NODE_PACKAGE")
	if modules == "" {
		modules = filepath.Join(root, "bindings/node/package.json")
	}
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.dir, "XDG_RUNTIME_DIR=" + p.dir, "XDG_CACHE_HOME=" + p.dir, "TMPDIR=" + p.dir,
		"AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1", "AWS_ENDPOINT_URL=" + p.aws.URL, "AWS_MAX_ATTEMPTS=1",
		"AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true",
		"CONTRACT_NODE_MODULES=" + modules,
	}, more...)
}

// keys are the base credentials as variables.
func (p *place) keys() []string {
	return []string{"AWS_ACCESS_KEY_ID=" + p.aws.Base.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + p.aws.Base.SecretAccessKey}
}

// serve starts the server, on the socket that is held here.
func (p *place) serve(flags ...string) error {
	socket, err := p.listener.File()
	if err != nil {
		return err
	}
	defer socket.Close()
	script := `LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"`
	argv := append([]string{"-c", script, "sh", p.evercreds, "serve", "--config", filepath.Join(p.dir, "roles.yaml")}, flags...)
	p.server = exec.Command("sh", argv...)
	p.server.Env, p.server.Stderr, p.server.ExtraFiles = p.base(p.keys()...), &p.log, []*os.File{socket}
	out, err := p.server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.server.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "ready" {
			go io.Copy(io.Discard, out) //nolint:errcheck // to its end
			return nil
		}
	}
	return fmt.Errorf("the server did not start:\n%s", p.log.String())
}

func (p *place) stop() {
	if p.server != nil {
		_ = p.server.Process.Signal(syscall.SIGTERM)
		_ = p.server.Wait()
		p.server = nil
	}
}

func (p *place) tokenFile(role string) string {
	return filepath.Join(p.dir, "evercreds/serve/tokens", role)
}

func (p *place) token(role string) string {
	text, _ := os.ReadFile(p.tokenFile(role))
	return string(text)
}

// endpoint is the environment of a client of the server's.
func (p *place) endpoint(role, token string) []string {
	url := fmt.Sprintf("http://%s/credentials/%s", p.listener.Addr(), role)
	return p.base("AWS_CONTAINER_CREDENTIALS_FULL_URI="+url, "AWS_CONTAINER_AUTHORIZATION_TOKEN="+token, "AWS_EC2_METADATA_DISABLED=true")
}

// endpointFile is the same, with the token in its file.
func (p *place) endpointFile(role string) []string {
	env := p.endpoint(role, "")
	for i, v := range env {
		if strings.HasPrefix(v, "AWS_CONTAINER_AUTHORIZATION_TOKEN=") {
			env[i] = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + p.tokenFile(role)
		}
	}
	return env
}
