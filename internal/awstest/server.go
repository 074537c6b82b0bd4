//go:build go1.25

package awstest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Server is a running stand-in. Its methods may be called from any goroutine.
type Server struct {
	// URL is the http endpoint of STS, S3 and the control API.
	URL string
	// TLSURL is the https endpoint of STS, S3 and the IoT credentials provider.
	TLSURL string
	// CAPEM and CAFile hold the authority that signed the server's certificate.
	CAPEM  []byte
	CAFile string
	// ClientCAFile holds the authority that signs clients' certificates, for other
	// servers that are to accept the same ones.
	ClientCAFile string
	// ClientEC (P-256) and ClientRSA (2048 bits) are accepted by the IoT
	// credentials provider.
	ClientEC, ClientRSA ClientCert
	// Base are the long-term credentials that sign the first AssumeRole.
	Base aws.Credentials
	// RoleARN is a sample role; any other well-formed ARN may be assumed too.
	RoleARN string

	cfg                Config
	serverCA, clientCA *authority
	signer             *v4.Signer
	vault              *vault
	faults             *faultList
	counter            *counter
	settings           *settings
	http               [2]*http.Server
	closers            []io.Closer // of the TLS servers
	serving            sync.WaitGroup
	closing            sync.Once
	removeDir          func() error
}

// New starts a stand-in and panics where it cannot, as httptest.NewServer does.
// Close ends it.
func New(cfg Config) *Server {
	s, err := Start(cfg)
	if err != nil {
		panic(err)
	}
	return s
}

// Start starts a stand-in. It fails on a bad Config, naming the field, on a
// port that is taken and on a directory that cannot be written.
func Start(cfg Config) (*Server, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg:       cfg,
		signer:    v4.NewSigner(),
		RoleARN:   "arn:aws:iam::" + cfg.AccountID + ":role/stand-in",
		faults:    &faultList{},
		counter:   newCounter(),
		settings:  newSettings(cfg),
		removeDir: func() error { return nil },
	}
	s.vault = newVault(cfg.AccountID)
	s.Base = s.vault.base
	if err := s.listen(); err != nil {
		return nil, errors.Join(fmt.Errorf("awstest: %w", err), s.Close())
	}
	return s, nil
}

func (s *Server) listen() error {
	dir := s.cfg.Dir
	if dir == "" {
		made, err := os.MkdirTemp("", "evercreds-stand-in-")
		if err != nil {
			return err
		}
		dir, s.removeDir = made, func() error { return os.RemoveAll(made) }
	}
	if err := s.makePKI(dir); err != nil {
		return err
	}
	cert, err := s.serverCA.serverCert(s.cfg.Region)
	if err != nil {
		return err
	}
	if s.URL, err = s.serve(0, s.cfg.Port, nil); err != nil {
		return err
	}
	s.TLSURL, err = s.serve(1, s.cfg.TLSPort, &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cert},
		// STS and S3 share the port, so the handshake lets a client come
		// without a certificate; the IoT handler then turns it away.
		ClientAuth: tls.VerifyClientCertIfGiven,
		ClientCAs:  s.clientCA.pool(),
		// HTTP/1.1 only: a connection can be reset under a single call.
		NextProtos: []string{"http/1.1"},
	})
	return err
}

// serve opens one of the two listeners and answers with its address.
func (s *Server) serve(i, port int, secure *tls.Config) (string, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return "", err
	}
	address, handler := "http://"+listener.Addr().String(), s.plainRoutes()
	if secure != nil {
		address, handler = "https://"+listener.Addr().String(), s.secureRoutes()
		listener = tls.NewListener(listener, secure)
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		// Failed handshakes are what tests provoke; they are not news.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.http[i] = server
	s.serving.Go(func() { _ = server.Serve(listener) })
	return address, nil
}

func (s *Server) plainRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/_control/", s.controlRoutes())
	mux.HandleFunc("/", s.serveSigned)
	return mux
}

func (s *Server) secureRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/role-aliases/", s.serveIoT)
	mux.HandleFunc("/", s.serveSigned)
	return mux
}

// Close ends the stand-in: open connections are closed, which also releases the
// calls that hang on them, and the temporary directory is removed. A second Close does
// nothing.
func (s *Server) Close() (err error) {
	s.closing.Do(func() {
		for _, server := range s.http {
			if server != nil {
				_ = server.Close()
			}
		}
		for _, closer := range s.closers {
			_ = closer.Close()
		}
		s.serving.Wait()
		err = s.removeDir()
	})
	return err
}

// Now is the time by the server's clock, its offset included.
func (s *Server) Now() time.Time { return s.cfg.Clock().Add(s.settings.offset()) }

// Reset clears the counts and the faults, and puts lifetimes and the clock
// back to the Config. Sets that were issued stay valid.
func (s *Server) Reset() {
	s.counter.clear()
	s.ClearFaults()
	s.settings.restore(s.cfg)
}
