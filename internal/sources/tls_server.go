package sources

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
)

// leastRSABits is the least length of an RSA key in a server's chain, as at OpenSSL's
// security level 2; crypto/tls takes 1024 bits.
const leastRSABits = 2048

// NewServerTLS makes a configuration that wants TLS 1.2 or 1.3 and a trusted certificate,
// with no SHA-1 and no short RSA key in its chain. authorities may vouch for it; nil: the
// system's.
func NewServerTLS(authorities *x509.CertPool) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities, VerifyConnection: wantLongKeys}
}

// wantLongKeys takes a chain without short keys, if there is one.
func wantLongKeys(state tls.ConnectionState) error {
	for _, chain := range state.VerifiedChains {
		if !hasShortKey(chain) {
			return nil
		}
	}
	if len(state.VerifiedChains) == 0 {
		return nil // nobody asked for one
	}
	return &tls.CertificateVerificationError{
		UnverifiedCertificates: state.PeerCertificates, Err: errors.New("x509: an RSA key has less than 2048 bits"),
	}
}

func hasShortKey(chain []*x509.Certificate) bool {
	for _, certificate := range chain {
		if key, ok := certificate.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < leastRSABits {
			return true
		}
	}
	return false
}

// NoConnection says in words why there is no connection to a server: it is not to be
// trusted, or it refuses the device's certificate. The server tells the latter itself, in
// TLS 1.3 after all else is done.
func NoConnection(err error) string {
	if untrusted := (*tls.CertificateVerificationError)(nil); errors.As(err, &untrusted) {
		return "the server's certificate is not to be trusted: " + untrusted.Err.Error()
	}
	if alert := (*net.OpError)(nil); errors.As(err, &alert) && alert.Op == "remote error" && alert.Err != nil {
		switch text := alert.Err.Error(); {
		case strings.Contains(text, "certificate"), strings.Contains(text, "access denied"):
			return "the server refuses the device's certificate: " + text
		default:
			return "the server ended the handshake: " + text
		}
	}
	return "no connection: " + err.Error()
}
