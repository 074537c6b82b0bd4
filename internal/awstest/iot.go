package awstest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// The endpoints of the IoT credentials provider are PREFIX.DOMAIN, one prefix
// for each account and region.
func iotDomain(region string) string { return "credentials.iot." + region + ".amazonaws.com" }

const thingHeader = "X-Amzn-Iot-Thingname"

type iotReply struct {
	Credentials wireCredentials `json:"credentials"`
}

var (
	errIoTNotFound = apiError{http.StatusNotFound, "NotFound", "Not Found", 0}
	errIoTMethod   = apiError{http.StatusMethodNotAllowed, "MethodNotAllowed", "Method Not Allowed", 0}
)

// serveIoT serves GET /role-aliases/ALIAS/credentials.
func (s *Server) serveIoT(w http.ResponseWriter, r *http.Request) {
	c, early := s.newCall(w, r, iotDialect)
	if early == nil {
		early = s.routeIoT(c)
	}
	s.finish(w, c, early, s.roleAlias)
}

// routeIoT finds the alias and turns away whoever may not have it.
func (s *Server) routeIoT(c *call) *apiError {
	alias, ok := strings.CutPrefix(c.r.URL.Path, "/role-aliases/")
	alias, whole := strings.CutSuffix(alias, "/credentials")
	if !ok || !whole || !aliasPattern.MatchString(alias) || !s.servesName(c.r.TLS.ServerName) {
		return &errIoTNotFound
	}
	c.action, c.source = ActionRoleAlias, alias
	if c.r.Method != http.MethodGet {
		return &errIoTMethod
	}
	// The handshake has verified the chain of a certificate that was given.
	if len(c.r.TLS.PeerCertificates) == 0 {
		return c.dialect.word(reasonDenied)
	}
	if things := c.r.Header.Values(thingHeader); len(things) > 1 ||
		len(things) == 1 && things[0] != c.r.TLS.PeerCertificates[0].Subject.CommonName {
		return c.dialect.word(reasonDenied)
	}
	if _, known := s.cfg.Aliases[alias]; !known {
		return &errIoTNotFound
	}
	return nil
}

// servesName checks the name that the client asked for in the handshake: an
// endpoint of the credentials provider, localhost, or none, which is what
// clients send that connect to an address.
func (s *Server) servesName(name string) bool {
	name = strings.ToLower(name)
	if name == "" || name == "localhost" {
		return true
	}
	prefix, ok := strings.CutSuffix(name, "."+iotDomain(s.cfg.Region))
	return ok && prefix != "" && !strings.Contains(prefix, ".")
}

func (s *Server) roleAlias(c *call) result {
	// The session of a device is named after its certificate.
	id := sha256.Sum256(c.r.TLS.PeerCertificates[0].Raw)
	who := assumed(s.cfg.Aliases[c.source], hex.EncodeToString(id[:]), c.source)
	wire, spoil := s.issue(c, who, defaultLifetime)
	return result{value: iotReply{Credentials: wire}, spoil: spoil}
}
