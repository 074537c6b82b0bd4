package hostfuncs

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// DeviceIdentity is what a device shows of itself in a TLS handshake. Certificate
// and one of PrivateKey and Signer are required.
type DeviceIdentity struct {
	// Certificate is the client's certificate, with its chain if there is one.
	Certificate PEM
	// PrivateKey is its key: PKCS #1, PKCS #8 or SEC 1, not encrypted.
	PrivateKey PEM
	// Signer signs in place of PrivateKey.
	Signer crypto.Signer
}

// String shows nothing of the keys.
func (d DeviceIdentity) String() string { return "DeviceIdentity(" + d.Certificate.String() + ")" }

// Format prints String for every verb: a Signer may have fields to hide.
func (d DeviceIdentity) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// MarshalText is String, for JSON and log handlers.
func (d DeviceIdentity) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// TLSConfig makes a configuration for clients, of the files as they are now. ca are
// the authorities that may vouch for the server; default: the system's. Its errors
// are of type [*ParameterError] and never quote what could not be parsed.
func (d DeviceIdentity) TLSConfig(ca PEM) (*tls.Config, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	texts, err := d.texts(ca)
	if err != nil {
		return nil, err
	}
	return d.tlsConfig(texts)
}

func (d DeviceIdentity) check() error {
	switch {
	case d.Certificate.empty():
		return &ParameterError{"Certificate", "must be PEMFile(path) or PEMBytes(text)"}
	case d.PrivateKey.empty() && d.Signer == nil:
		return &ParameterError{"PrivateKey", "must be PEMFile(path) or PEMBytes(text), where there is no Signer"}
	case !d.PrivateKey.empty() && d.Signer != nil:
		return &ParameterError{"Signer", "must not be given beside PrivateKey"}
	}
	return nil
}

func (d DeviceIdentity) texts(ca PEM) (texts [3][]byte, err error) {
	for i, source := range []struct {
		name string
		pem  PEM
	}{{"Certificate", d.Certificate}, {"PrivateKey", d.PrivateKey}, {"CA", ca}} {
		if texts[i], err = source.pem.read(); err != nil {
			return texts, &ParameterError{source.name, "must be a file that can be read: " + reason(err)}
		}
	}
	if len(texts[2]) == 0 && !ca.empty() { // else no authority would mean the system's
		return texts, &ParameterError{"CA", "must be PEM certificates"}
	}
	return texts, nil
}

// reason is what the system says of a file, without the path: a certificate's
// text that was given for a path must not be echoed.
func reason(err error) string {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err.Error()
	}
	return "unknown error"
}

func (d DeviceIdentity) tlsConfig(texts [3][]byte) (*tls.Config, error) {
	cert, err := d.clientCertificate(texts[0], texts[1])
	if err != nil {
		return nil, err
	}
	secure := &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}
	if len(texts[2]) > 0 {
		if secure.RootCAs, err = authorities(texts[2]); err != nil {
			return nil, err
		}
	}
	return secure, nil
}

func authorities(text []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, &ParameterError{"CA", "must be PEM certificates"}
	}
	return pool, nil
}

// clientCertificate is what a handshake shows and proves: the certificate, with
// the key in PEM or with the Signer.
func (d DeviceIdentity) clientCertificate(certificate, key []byte) (tls.Certificate, error) {
	if d.Signer != nil {
		return signedBy(d.Signer, certificate)
	}
	pair, err := tls.X509KeyPair(certificate, key)
	switch {
	case err == nil:
		return pair, nil
	case x509.NewCertPool().AppendCertsFromPEM(certificate):
		return tls.Certificate{}, &ParameterError{"PrivateKey", "must be the PEM key of Certificate, not encrypted"}
	}
	return tls.Certificate{}, &ParameterError{"Certificate", "must be a PEM certificate"}
}
