// Package endpoint serves credentials over HTTP on loopback, by the contract of AWS's
// container credentials and, where it is asked for, of the instance metadata service.
package endpoint

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Held is what a role has: a session of evercreds.
type Held interface {
	// Retrieve returns credentials within milliseconds, unless there are none yet.
	Retrieve(ctx context.Context) (aws.Credentials, error)
}

// Role is a role that is served.
type Role struct {
	Name  string
	Token string // opens this role's path, and no other
	Held  Held
}

// Patience is how long a client waits where nothing is held. The JS SDK gives up after a
// second, and botocore after two.
const Patience = 700 * time.Millisecond

// Config says what a server serves.
type Config struct {
	Hosts   []string // names that requests may come to, besides loopback and AWS's addresses
	Metrics bool     // serve /metrics
	Limit   int      // connections at once; default 512
	// Slow bounds a request's arrival, default 5 s. Tests set it.
	Slow time.Duration
}

// Server serves the roles that it was given last.
type Server struct {
	config Config
	http   *http.Server
	roles  atomic.Pointer[map[string]*Role]
	imds   atomic.Pointer[imdsRole]
	tokens imdsTokens
	counts counts
	conns  *connections
	// Gauges adds lines to /metrics; nil: none.
	Gauges func(w io.Writer)
}

// New makes a server without roles.
func New(config Config) *Server {
	if config.Limit == 0 {
		config.Limit = 512
	}
	if config.Slow == 0 {
		config.Slow = 5 * time.Second
	}
	s := &Server{config: config, conns: newConnections(config.Limit)}
	s.Set(nil)
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: config.Slow, ReadTimeout: config.Slow, WriteTimeout: 2 * config.Slow,
		IdleTimeout:    time.Minute,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       log.New(io.Discard, "", 0), // strangers must not fill the log
		ConnState:      s.conns.state,
	}
	return s
}

// Set replaces all roles at once.
func (s *Server) Set(roles []*Role) {
	table := make(map[string]*Role, len(roles))
	for _, r := range roles {
		table[r.Name] = r
	}
	s.roles.Store(&table)
}

// Serve answers requests until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// Shutdown takes no more requests, and waits for those under way.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// Path is where a role's credentials are.
func Path(name string) string { return "/credentials/" + name }

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if status, code, text := s.refuses(r); status != 0 {
		s.counts.add(status)
		if r.ContentLength != 0 {
			w.Header().Set("Connection", "close") // what comes is not read
		}
		fail(w, status, code, text)
		return
	}
	// Java's SDK asks so where the endpoint that it was told ends in a slash.
	if strings.HasPrefix(r.URL.Path, "//latest/") {
		r.URL.Path = r.URL.Path[1:]
	}
	switch path := r.URL.Path; {
	case path == "/healthz" && r.Method == http.MethodGet:
		s.health(w)
	case path == "/metrics" && s.config.Metrics && r.Method == http.MethodGet:
		s.metrics(w)
	case s.imds.Load() != nil && isIMDS(path):
		s.counts.add(s.serveIMDS(w, r))
	default:
		s.counts.add(s.credentials(w, r))
	}
}

// health is open to everybody who may ask, and tells nothing but whether it serves.
func (s *Server) health(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"status":"ok"}`+"\n")
}

// fail answers an error in both spellings: Go reads the lower case, JS the upper.
func fail(w http.ResponseWriter, status int, code, message string) int {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{
		"code": code, "message": message, "Code": code, "Message": message,
	})
	return status
}
