//go:build go1.25

package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/evercreds/evercreds/internal/motoserver"
	"github.com/evercreds/evercreds/internal/proofs/workers"
)

// stores are the engines of one run. They end with it.
type stores struct {
	dir     string
	started []*exec.Cmd
	made    int
}

func (s *stores) close() {
	for _, cmd := range s.started {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// open gives a new and empty store of a kind.
func (s *stores) open(ctx context.Context, kind string) (*workers.Share, error) {
	share := &workers.Share{Store: kind, Keys: []string{dataKey("the group's key")}}
	var err error
	switch kind {
	case "file":
		s.made++
		share.Where = filepath.Join(s.dir, fmt.Sprintf("store-%d", s.made))
		err = os.Mkdir(share.Where, 0o700)
	case "redis":
		var r *redis
		if r, err = s.redis(ctx, 0); err == nil {
			share.Where = r.address
		}
	case "dynamodb":
		if share.Where, err = s.moto(); err == nil {
			err = table(ctx, share.Where)
		}
	case "s3":
		if share.Where, err = s.moto(); err == nil {
			err = bucket(ctx, share.Where)
		}
	default:
		err = fmt.Errorf("--store must be file, redis, dynamodb or s3, got %q", kind)
	}
	return share, err
}

// redis is one redis-server.
type redis struct {
	address string
	port    int
	dir     string
	cmd     *exec.Cmd
	env     []string // besides
}

// redis starts a server, on the port that is given or any other. EVERCREDS_REDIS_SERVER
// may name another program, such as Valkey's.
func (s *stores) redis(ctx context.Context, port int, more ...string) (*redis, error) {
	return s.redisWith(ctx, nil, port, more...)
}

// redisWith does the same, with more in its environment.
func (s *stores) redisWith(ctx context.Context, env []string, port int, more ...string) (*redis, error) {
	if port == 0 {
		free, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		port = free.Addr().(*net.TCPAddr).Port
		_ = free.Close()
	}
	s.made++
	r := &redis{address: fmt.Sprintf("127.0.0.1:%d", port), port: port, env: env, dir: filepath.Join(s.dir, fmt.Sprintf("redis-%d", s.made))}
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		return nil, err
	}
	return r, r.start(ctx, s, more...)
}

func (r *redis) start(ctx context.Context, s *stores, more ...string) error {
	r.cmd = exec.Command(cmp.Or(os.Getenv("EVERCREDS_REDIS_SERVER"), "redis-server"), append([]string{
		"--port", fmt.Sprint(r.port), "--bind", "127.0.0.1", "--dir", r.dir, "--appendonly", "yes", "--save", "1 1", "--daemonize", "no",
	}, more...)...)
	r.cmd.Env = append(os.Environ(), r.env...)
	if err := r.cmd.Start(); err != nil {
		return fmt.Errorf("redis-server (sh tools/services.sh installs it): %w", err)
	}
	s.started = append(s.started, r.cmd)
	for range 200 {
		if answer, err := r.do("PING"); err == nil && strings.HasPrefix(answer, "+PONG") {
			return nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return errors.New("redis-server does not answer")
}

// kill ends the server as kill -9 does.
func (r *redis) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

// do sends one command, and gives the answer as it came.
func (r *redis) do(words ...string) (string, error) {
	conn, err := net.DialTimeout("tcp", r.address, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	text := fmt.Sprintf("*%d\r\n", len(words))
	for _, w := range words {
		text += fmt.Sprintf("$%d\r\n%s\r\n", len(w), w)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	return answer(bufio.NewReader(conn))
}

// answer reads one answer of the protocol, with all that is in it.
func answer(from *bufio.Reader) (string, error) {
	line, err := from.ReadString('\n')
	if err != nil {
		return "", err
	}
	var n int
	if _, err := fmt.Sscanf(line[1:], "%d", &n); err != nil || n < 0 {
		return line, nil
	}
	switch line[0] {
	case '$':
		bulk := make([]byte, n+2)
		_, err = io.ReadFull(from, bulk)
		return string(bulk[:n]), err
	case '*':
		var all strings.Builder
		for range n {
			part, err := answer(from)
			if err != nil {
				return "", err
			}
			all.WriteString(part + "\n")
		}
		return all.String(), nil
	}
	return line, nil
}

// moto starts one, which stands for DynamoDB and S3.
func (s *stores) moto() (string, error) {
	cmd := exec.Command(filepath.Join("build", "venv", "bin", "python"), motoserver.Arguments...)
	at, err := motoserver.Start(cmd)
	if cmd.Process != nil {
		s.started = append(s.started, cmd)
	}
	return at, err
}

// authorization is for a service. Moto looks at no signature.
func authorization(service string) string {
	return "AWS4-HMAC-SHA256 Credential=AKIASTORES/20260101/us-east-1/" + service + "/aws4_request, SignedHeaders=host, Signature=0"
}

// dynamo makes a call of DynamoDB's and gives the answer.
func dynamo(ctx context.Context, at, action, body string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+action)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("Authorization", authorization("dynamodb"))
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	said, err := io.ReadAll(reply.Body)
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s: %s", action, reply.Status, said)
	}
	return said, err
}

// table makes the table that a store of DynamoDB's uses.
func table(ctx context.Context, at string) error {
	_, err := dynamo(ctx, at, "CreateTable", `{"TableName": "evercreds", "KeySchema": [{"AttributeName": "key", "KeyType": "HASH"}],
		"AttributeDefinitions": [{"AttributeName": "key", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"}`)
	return err
}

// s3 makes a call of S3, about the bucket that a store of S3's uses.
func s3(ctx context.Context, method, at, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, at+"/evercreds"+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", authorization("s3"))
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	said, err := io.ReadAll(reply.Body)
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s %s: %s: %s", method, path, reply.Status, said)
	}
	return said, err
}

// bucket makes the bucket that a store of S3's uses.
func bucket(ctx context.Context, at string) error {
	_, err := s3(ctx, http.MethodPut, at, "")
	return err
}
