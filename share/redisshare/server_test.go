package redisshare_test

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// server is a redis-server on a socket of its own. EVERCREDS_REDIS_SERVER may name another
// one, such as Valkey's.
type server struct {
	t      *testing.T
	dir    string
	socket string
	cmd    *exec.Cmd
}

func startServer(t *testing.T, settings ...string) *server {
	t.Helper()
	// The path of a socket must be short.
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &server{t: t, dir: dir, socket: filepath.Join(dir, "s")}
	s.start(settings...)
	t.Cleanup(s.stop)
	return s
}

func (s *server) start(settings ...string) {
	s.t.Helper()
	program, err := exec.LookPath(cmp.Or(os.Getenv("EVERCREDS_REDIS_SERVER"), "redis-server"))
	if err != nil {
		if os.Getenv("CI") != "" {
			s.t.Fatal("redis-server is not there: ./task services installs it")
		}
		s.t.Skip("redis-server is not there: ./task services installs it")
	}
	s.cmd = exec.Command(program, append([]string{"--unixsocket", s.socket, "--dir", s.dir, "--save", ""}, settings...)...)
	if len(settings) == 0 {
		s.cmd.Args = append(s.cmd.Args, "--port", "0")
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	client := s.client()
	defer func() { _ = client.Close() }()
	for end := time.Now().Add(time.Minute); client.Ping(s.t.Context()).Err() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal("redis-server does not answer")
		}
	}
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill() // ours, by its own handle
	_ = s.cmd.Wait()
}

// client has patience, since the machine may be under load.
func (s *server) client() *redis.Client {
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: s.socket, ReadTimeout: time.Minute, WriteTimeout: time.Minute, DialTimeout: time.Minute, MaxRetries: -1})
	s.t.Cleanup(func() {
		if err := c.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
			s.t.Error(err)
		}
	})
	return c
}

func minute(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
