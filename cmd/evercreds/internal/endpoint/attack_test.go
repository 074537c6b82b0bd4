package endpoint

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// fixed is a role's set, which lasts for an hour.
type fixed struct{ key string }

const secret = "the-secret-of-the-set"

func (f fixed) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{
		AccessKeyID: f.key, SecretAccessKey: secret, SessionToken: "token", AccountID: "123456789012",
		CanExpire: true, Expires: time.Now().Add(time.Hour),
	}, nil
}

// start starts a server with two roles, a and b, whose tokens are token-a and token-b.
func start(t *testing.T, config Config) (*Server, string) {
	t.Helper()
	s := New(config)
	s.Set([]*Role{{"a", "token-a", fixed{"AKIDA"}}, {"b", "token-b", fixed{"AKIDB"}}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = s.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, l.Addr().String()
}

// send writes a request as it stands, and returns the status and the reply.
func send(t *testing.T, address, request string) (int, string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	go func() { _, _ = io.WriteString(conn, request) }()
	reply, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer reply.Body.Close()
	body, _ := io.ReadAll(reply.Body)
	var head strings.Builder
	_ = reply.Header.Write(&head)
	return reply.StatusCode, head.String() + string(body)
}

func TestAttacks(t *testing.T) {
	s, address := start(t, Config{Hosts: []string{"creds.internal"}})
	s.SetIMDS(nil, "")
	good := "Host: " + address + "\r\nAuthorization: token-a\r\n"
	for _, c := range []struct {
		name, request string
		want          int
	}{
		{"as it should be", "GET /credentials/a HTTP/1.1\r\n" + good, 200},
		{"no token", "GET /credentials/a HTTP/1.1\r\nHost: " + address + "\r\n", 401},
		{"an empty token", "GET /credentials/a HTTP/1.1\r\nHost: " + address + "\r\nAuthorization:\r\n", 401},
		{"a wrong token", "GET /credentials/a HTTP/1.1\r\nHost: " + address + "\r\nAuthorization: token-x\r\n", 401},
		{"another role's token", "GET /credentials/b HTTP/1.1\r\n" + good, 401},
		{"no such role", "GET /credentials/c HTTP/1.1\r\n" + good, 401},
		{"no such role, no token", "GET /credentials/ HTTP/1.1\r\nHost: " + address + "\r\n", 401},
		{"a path that climbs", "GET /credentials/x/../a HTTP/1.1\r\nHost: " + address + "\r\n", 401},
		{"another path", "GET / HTTP/1.1\r\n" + good, 401},
		{"metadata that is not served", "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\n" + good, 401},
		{"metrics that are not served", "GET /metrics HTTP/1.1\r\n" + good, 401},
		{"another method", "DELETE /credentials/a HTTP/1.1\r\n" + good, 405},
		{"a name that leads here", "GET /credentials/a HTTP/1.1\r\nHost: evil.example\r\nAuthorization: token-a\r\n", 403},
		{"a name that begins as ours", "GET /credentials/a HTTP/1.1\r\nHost: localhost.evil.example\r\nAuthorization: token-a\r\n", 403},
		{"another machine's address", "GET /credentials/a HTTP/1.1\r\nHost: 10.0.0.1\r\nAuthorization: token-a\r\n", 403},
		{"a name in the request line", "GET http://evil.example/credentials/a HTTP/1.1\r\n" + good, 403},
		{"a name that was allowed", "GET /credentials/a HTTP/1.1\r\nHost: creds.internal:80\r\nAuthorization: token-a\r\n", 200},
		{"a page of another origin", "GET /credentials/a HTTP/1.1\r\n" + good + "Origin: https://evil.example\r\n", 403},
		{"a page of our own address", "GET /credentials/a HTTP/1.1\r\n" + good + "Origin: http://" + address + "\r\n", 403},
		{"a browser's fetch", "GET /credentials/a HTTP/1.1\r\n" + good + "Sec-Fetch-Site: same-origin\r\n", 403},
		{"a preflight", "OPTIONS /credentials/a HTTP/1.1\r\n" + good + "Origin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\n", 403},
		{"by way of a proxy", "GET /credentials/a HTTP/1.1\r\n" + good + "X-Forwarded-For: 10.0.0.1\r\n", 403},
		{"a body", "POST /credentials/a HTTP/1.1\r\n" + good + "Content-Length: 1000000000\r\n", 413},
		{"a body in chunks", "POST /credentials/a HTTP/1.1\r\n" + good + "Transfer-Encoding: chunked\r\n", 413},
		{"a long path", "GET /credentials/" + strings.Repeat("a", 2000) + " HTTP/1.1\r\n" + good, 414},
		{"large headers", "GET /credentials/a HTTP/1.1\r\n" + good + "X: " + strings.Repeat("a", 64<<10) + "\r\n", 431},
		{"two hosts", "GET /credentials/a HTTP/1.1\r\n" + good + "Host: localhost\r\n", 400},
		{"no host", "GET /credentials/a HTTP/1.1\r\nAuthorization: token-a\r\n", 400},
		{"smuggled", "GET /credentials/a HTTP/1.1\r\n" + good + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 413},
		{"not HTTP", "\x16\x03\x01\x02\x00", 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, reply := send(t, address, c.request+"\r\n")
			if status != c.want {
				t.Errorf("got %d, want %d: %s", status, c.want, reply)
			}
			if has := strings.Contains(reply, secret); has != (c.want == 200) {
				t.Errorf("the reply has the secret: %v", has)
			}
			for _, hint := range []string{"Www-Authenticate", "Access-Control", "Server:", "token-a", "AKIDB"} {
				if strings.Contains(reply, hint) {
					t.Errorf("the reply has %q", hint)
				}
			}
		})
	}
}

func TestEveryStrangerGetsTheSameAnswer(t *testing.T) {
	_, address := start(t, Config{})
	_, known := send(t, address, "GET /credentials/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: x\r\n\r\n")
	_, unknown := send(t, address, "GET /credentials/nobody HTTP/1.1\r\nHost: localhost\r\nAuthorization: x\r\n\r\n")
	drop := func(s string) string {
		return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })[0:2], "")
	}
	if drop(known) != drop(unknown) || !strings.HasSuffix(known, unknown[strings.Index(unknown, "{"):]) {
		t.Errorf("which roles there are is told:\n%s\n%s", known, unknown)
	}
}

func TestASlowRequestIsCut(t *testing.T) {
	_, address := start(t, Config{Slow: 200 * time.Millisecond})
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /credentials/a HTTP/1.1\r\nHost: ")
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if text, err := io.ReadAll(conn); err != nil || strings.Contains(string(text), secret) {
		t.Errorf("it was not cut: %q, %v", text, err)
	}
}

// TestThousandsOfConnectionsKeepNobodyOut opens 10,000 connections that say nothing, a few
// hundred at once, and asks for credentials all the while.
func TestThousandsOfConnectionsKeepNobodyOut(t *testing.T) {
	s, address := start(t, Config{Limit: 64})
	before := runtime.NumGoroutine()
	var open []net.Conn
	defer func() {
		for _, c := range open {
			_ = c.Close()
		}
	}()
	for i := range 10_000 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if open = append(open, conn); len(open) > 300 {
			_ = open[0].Close()
			open = open[1:]
		}
		if i%500 == 499 {
			status, reply := send(t, address, "GET /credentials/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: token-a\r\n\r\n")
			if status != 200 {
				t.Fatalf("after %d connections: %d: %s", i+1, status, reply)
			}
			if n := s.conns.count(); n > 64 {
				t.Fatalf("there are %d connections", n)
			}
		}
	}
	if n := runtime.NumGoroutine(); n > before+4*64 {
		t.Errorf("there are %d goroutines, and were %d", n, before)
	}
}

func TestIMDS(t *testing.T) {
	s, address := start(t, Config{})
	s.SetIMDS(&Role{"a", "unused", fixed{"AKIDA"}}, "us-east-1")
	if status, _ := send(t, address, "GET "+imdsRoles+" HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n"); status != 401 {
		t.Errorf("version 1: %d", status)
	}
	for _, ttl := range []string{"", "0", "21601", "x"} {
		if status, _ := send(t, address, "PUT "+imdsToken+" HTTP/1.1\r\nHost: localhost\r\nX-aws-ec2-metadata-token-ttl-seconds: "+ttl+"\r\n\r\n"); status != 400 {
			t.Errorf("ttl %q: %d", ttl, status)
		}
	}
	if status, _ := send(t, address, "PUT "+imdsToken+" HTTP/1.1\r\nHost: evil.example\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n"); status != 403 {
		t.Errorf("a name that leads here: %d", status)
	}
	_, reply := send(t, address, "PUT "+imdsToken+" HTTP/1.1\r\nHost: localhost\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n")
	token := reply[strings.LastIndex(reply, "\n")+1:]
	get := func(path string) (int, string) {
		return send(t, address, fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost\r\nX-aws-ec2-metadata-token: %s\r\n\r\n", path, token))
	}
	for path, want := range map[string]string{imdsRoles: "a", "/" + imdsRoles: "a", imdsRoles + "a": secret, imdsRegion: "us-east-1"} {
		if status, reply := get(path); status != 200 || !strings.HasSuffix(strings.TrimSpace(strings.TrimRight(reply, "}\n")), want) && !strings.Contains(reply, want) {
			t.Errorf("%s: %d: %s", path, status, reply)
		}
	}
	if status, _ := get(imdsRoles + "b"); status != 404 {
		t.Errorf("another role: %d", status)
	}
	now := time.Now()
	if s.tokens.has(token, now.Add(61*time.Second)) || !s.tokens.has(token, now.Add(50*time.Second)) {
		t.Error("a token lives for another time than it was asked for")
	}
	for range 3000 {
		s.tokens.issue(time.Hour, now)
	}
	if n := len(s.tokens.ends); n > 1024 {
		t.Errorf("%d tokens are kept", n)
	}
}
