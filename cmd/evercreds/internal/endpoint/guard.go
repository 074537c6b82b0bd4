package endpoint

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// containerAddresses are those that SDKs allow http to, besides loopback.
var containerAddresses = []string{"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "169.254.169.254", "fd00:ec2::254"}

// refuses says why a request is not looked at; status 0: it is.
func (s *Server) refuses(r *http.Request) (status int, code, text string) {
	switch {
	case !s.isOurs(r.Host):
		// A name of somebody else's, which leads here: DNS rebinding.
		return http.StatusForbidden, "Forbidden", "requests must come to this address, and not to another name"
	case r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || r.Header.Get("Referer") != "":
		return http.StatusForbidden, "Forbidden", "browsers are not served"
	case r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "":
		return http.StatusForbidden, "Forbidden", "requests must not come by way of a proxy"
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return http.StatusRequestEntityTooLarge, "RequestTooLarge", "requests have no body"
	case len(r.URL.RequestURI()) > 1024:
		return http.StatusRequestURITooLong, "RequestTooLarge", "the path is too long"
	}
	return 0, "", ""
}

// isOurs reports whether a Host header names this server.
func (s *Server) isOurs(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || slices.Contains(containerAddresses, host) || slices.Contains(s.config.Hosts, host) {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
