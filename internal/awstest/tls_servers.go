//go:build go1.25

package awstest

import (
	"crypto/tls"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"time"
)

// TLSServer is a row of the table of TLS servers, good and bad, which clients in all
// languages are tried on; see docs/reference/stand-in.md. But for its TLS it is the IoT
// credentials provider.
type TLSServer struct {
	// Name names it in tests; What says what it does.
	Name string `json:"name"`
	What string `json:"what"`
	// Expected is what a client of evercreds makes of it: "accepted" with credentials,
	// "refused" without having sent a request, or "denied" with HTTP 403.
	Expected string `json:"expected"`
	// Reason is what a refusal has to tell: that the server's "certificate" is not to
	// be trusted, that it does not take the "device", or that the "time-out" is over.
	// "": just that there is no connection. All but the last come within seconds.
	Reason string `json:"reason,omitempty"`
	// Port is where it listens on 127.0.0.1.
	Port int `json:"port"`

	Versions    []string `json:"versions,omitempty"`    // default: 1.2 and 1.3
	Certificate string   `json:"certificate,omitempty"` // default: a good one
	Client      string   `json:"client,omitempty"`      // default: a certificate of ClientCAFile is asked for
	Behaviour   string   `json:"behaviour,omitempty"`   // default: as servers do
}

//go:embed testdata/tls_servers.json
var tlsTable []byte

var tlsVersions = map[string]uint16{
	"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13,
}

// StartTLSServers starts all servers of the table. They end with the stand-in.
func (s *Server) StartTLSServers() ([]TLSServer, error) {
	var table []TLSServer
	if err := json.Unmarshal(tlsTable, &table); err != nil {
		return nil, fmt.Errorf("awstest: the table of TLS servers: %w", err)
	}
	for i := range table {
		if err := s.startTLSServer(&table[i]); err != nil {
			return nil, fmt.Errorf("awstest: the TLS server %s: %w", table[i].Name, err)
		}
	}
	return table, nil
}

func (s *Server) startTLSServer(row *TLSServer) error {
	config, err := s.tlsConfigOf(row)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	row.Port = listener.Addr().(*net.TCPAddr).Port
	switch row.Behaviour {
	case "closes", "resets", "silent":
		s.serveNobody(listener, row.Behaviour)
		return nil
	case "":
		listener = tls.NewListener(listener, config)
	}
	server := &http.Server{
		Handler: s.secureRoutes(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
	}
	s.closers = append(s.closers, server)
	s.serving.Go(func() { _ = server.Serve(listener) })
	return nil
}

func (s *Server) tlsConfigOf(row *TLSServer) (*tls.Config, error) {
	certificate, err := s.oddCertificate(row.Certificate)
	if err != nil {
		return nil, err
	}
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13,
		Certificates: []tls.Certificate{certificate},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: s.clientCA.pool(),
		NextProtos: []string{"http/1.1"},
	}
	for _, name := range row.Versions {
		version, known := tlsVersions[name]
		if !known {
			return nil, fmt.Errorf("TLS %s is not known", name)
		}
		config.MinVersion, config.MaxVersion = version, version
	}
	switch row.Client {
	case "":
	case "not-asked":
		config.ClientAuth = tls.NoClientCert
	case "of-strangers":
		strangers, err := newAuthority("evercreds stand-in strangers")
		if err != nil {
			return nil, err
		}
		config.ClientCAs = strangers.pool()
	default:
		return nil, fmt.Errorf("client %q is not known", row.Client)
	}
	if !slices.Contains([]string{"", "closes", "resets", "plain", "silent"}, row.Behaviour) {
		return nil, fmt.Errorf("behaviour %q is not known", row.Behaviour)
	}
	return config, nil
}

// serveNobody takes connections and does them no good.
func (s *Server) serveNobody(listener net.Listener, behaviour string) {
	s.closers = append(s.closers, listener)
	s.serving.Go(func() {
		var open []net.Conn
		for {
			accepted, err := listener.Accept()
			if err != nil {
				break
			}
			switch behaviour {
			case "closes":
				_ = accepted.Close()
			case "resets":
				s.serving.Go(func() {
					_ = accepted.SetReadDeadline(time.Now().Add(2 * time.Second))
					_, _ = accepted.Read(make([]byte, 1))
					// what was not read, and this, make a reset of it
					_ = accepted.(*net.TCPConn).SetLinger(0)
					_ = accepted.Close()
				})
			default:
				open = append(open, accepted)
			}
		}
		for _, connection := range open {
			_ = connection.Close()
		}
	})
}
