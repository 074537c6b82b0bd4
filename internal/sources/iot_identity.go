package sources

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
)

// DeviceIdentity has the fields of evercreds.DeviceIdentity, which says what they are.
type DeviceIdentity struct {
	Certificate PEM
	PrivateKey  PEM
	Signer      crypto.Signer
}

// String shows nothing of the keys.
func (d DeviceIdentity) String() string { return "DeviceIdentity(" + d.Certificate.String() + ")" }

// Format prints String for every verb: a Signer may have fields to hide.
func (d DeviceIdentity) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// MarshalText is String, for JSON and log handlers.
func (d DeviceIdentity) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d DeviceIdentity) check() error {
	switch {
	case d.Certificate.empty():
		return &ParameterError{"Certificate", "must be PEMFile(path) or PEMBytes(text)"}
	case d.PrivateKey.empty() && d.Signer == nil:
		return &ParameterError{"PrivateKey", "must be PEMFile(path) or PEMBytes(text), unless Signer is set"}
	case !d.PrivateKey.empty() && d.Signer != nil:
		return &ParameterError{"Signer", "must be left out if PrivateKey is set"}
	}
	return nil
}

// shown is what a handshake shows: the certificate, with the key in PEM, or without
// one where signer has it. Its errors never quote what could not be parsed.
func shown(certificate, key []byte, signer *guard) (*tls.Certificate, error) {
	mine, err := chain(certificate)
	if err != nil {
		return nil, err
	}
	if signer == nil {
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			return nil, &ParameterError{"PrivateKey", keyProblem(key)}
		}
		return &pair, nil
	}
	if public, ok := mine.Leaf.PublicKey.(publicKey); !ok || !public.Equal(signer.public) {
		return nil, &ParameterError{"Signer", "must have the key of Certificate"}
	}
	return mine, nil
}

// chain gives the certificates in a text.
func chain(text []byte) (*tls.Certificate, error) {
	mine := &tls.Certificate{}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			mine.Certificate = append(mine.Certificate, block.Bytes)
		}
	}
	if len(mine.Certificate) > 0 {
		var err error
		if mine.Leaf, err = x509.ParseCertificate(mine.Certificate[0]); err == nil {
			return mine, nil
		}
	}
	return nil, &ParameterError{"Certificate", "must be a PEM certificate"}
}
