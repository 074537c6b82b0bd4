package awstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"time"
)

// oddCertificate makes what a server of the table shows.
func (s *Server) oddCertificate(kind string) (tls.Certificate, error) {
	// Good for the names of all endpoints: that for credentials and that for data.
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "evercreds stand-in, TLS servers"},
		DNSNames:    []string{"localhost", "*." + iotDomain(s.cfg.Region), "*.iot." + s.cfg.Region + ".amazonaws.com"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-validBefore), NotAfter: time.Now().Add(validAfter),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	var key crypto.Signer
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	issuer, chain := s.serverCA, [][]byte(nil)
	if err != nil {
		return tls.Certificate{}, err
	}
	switch kind {
	case "":
	case "sha1":
		template.SignatureAlgorithm = x509.ECDSAWithSHA1
	case "sha1-issuer":
		if issuer, err = s.serverCA.intermediate(x509.ECDSAWithSHA1); err != nil {
			return tls.Certificate{}, err
		}
		chain = [][]byte{issuer.cert.Raw}
	case "expired":
		template.NotBefore, template.NotAfter = time.Now().Add(-2*validAfter), time.Now().Add(-validAfter)
	case "not-yet-valid":
		template.NotBefore, template.NotAfter = time.Now().Add(validAfter), time.Now().Add(2*validAfter)
	case "other-host":
		template.DNSNames, template.IPAddresses = []string{"other.example.com"}, nil
	case "unknown-ca":
		if issuer, err = newAuthority("evercreds stand-in strangers"); err != nil {
			return tls.Certificate{}, err
		}
	case "self-signed":
		issuer = &authority{key: key.(*ecdsa.PrivateKey), cert: template}
	case "rsa-1024":
		if key, err = rsa.GenerateKey(rand.Reader, 1024); err != nil {
			return tls.Certificate{}, err
		}
	default:
		return tls.Certificate{}, fmt.Errorf("certificate %q is not known", kind)
	}
	der, err := issuer.create(template, key.Public())
	return tls.Certificate{Certificate: append([][]byte{der}, chain...), PrivateKey: key}, err
}

// intermediate makes an authority below this one.
func (a *authority) intermediate(algorithm x509.SignatureAlgorithm) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := a.create(&x509.Certificate{
		Subject:   pkix.Name{CommonName: "evercreds stand-in intermediate CA"},
		NotBefore: time.Now().Add(-validBefore), NotAfter: time.Now().Add(validAfter),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		SignatureAlgorithm: algorithm,
	}, &key.PublicKey)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	return &authority{key: key, cert: cert}, err
}
