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
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ClientCert is a certificate and its private key, in memory and as files. The
// key is PKCS #8. Printing a ClientCert shows the file names only.
type ClientCert struct {
	CertPEM, KeyPEM   []byte
	CertFile, KeyFile string

	key crypto.Signer
}

// Signer is the private key, for clients whose keys are in no file.
func (c ClientCert) Signer() crypto.Signer { return c.key }

// String leaves the private key out.
func (c ClientCert) String() string { return c.CertFile + " with " + c.KeyFile }

// GoString leaves the private key out.
func (c ClientCert) GoString() string { return c.String() }

// authority is one certificate authority.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// Certificates outlive any test run, and begin early enough for clients whose
// clocks are wrong by less than a day.
const (
	validBefore = 24 * time.Hour
	validAfter  = 30 * 24 * time.Hour
)

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	self := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	a := &authority{key: key, cert: self}
	der, err := a.sign(self, &key.PublicKey)
	if err != nil {
		return nil, err
	}
	a.cert, err = x509.ParseCertificate(der)
	return a, err
}

func (a *authority) sign(template *x509.Certificate, public crypto.PublicKey) ([]byte, error) {
	template.NotBefore = time.Now().Add(-validBefore)
	template.NotAfter = time.Now().Add(validAfter)
	return a.create(template, public)
}

// create signs what a template says, its times included.
func (a *authority) create(template *x509.Certificate, public crypto.PublicKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func (a *authority) serverCert(region string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := a.sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "evercreds stand-in"},
		DNSNames:    []string{"localhost", "*." + iotDomain(region)},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, &key.PublicKey)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// IssueClientCert signs a client certificate for a public key that the caller
// holds the private half of, in a token for instance. thing becomes the common
// name, and so the one thing that is attached to the certificate.
func (s *Server) IssueClientCert(thing string, public crypto.PublicKey) (certPEM []byte, err error) {
	if !thingPattern.MatchString(thing) {
		return nil, fmt.Errorf("awstest: thing must be 1 to 128 letters, digits, ':', '_' or '-', got %q", thing)
	}
	der, err := s.clientCA.sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: thing},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, public)
	if err != nil {
		return nil, fmt.Errorf("awstest: client certificate: %w", err)
	}
	return encodePEM("CERTIFICATE", der), nil
}

// rsaKey is shared by all stand-ins of a process: making one takes longer than
// all the rest of a start.
var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// makePKI makes the authorities and the ready-made client certificates, and
// writes what clients need into dir.
func (s *Server) makePKI(dir string) (err error) {
	if s.serverCA, err = newAuthority("evercreds stand-in server CA"); err != nil {
		return err
	}
	if s.clientCA, err = newAuthority("evercreds stand-in client CA"); err != nil {
		return err
	}
	s.CAPEM = encodePEM("CERTIFICATE", s.serverCA.cert.Raw)
	s.CAFile = filepath.Join(dir, "ca.pem")
	if err = os.WriteFile(s.CAFile, s.CAPEM, 0o644); err != nil {
		return err
	}
	s.ClientCAFile = filepath.Join(dir, "client-ca.pem")
	if err = os.WriteFile(s.ClientCAFile, encodePEM("CERTIFICATE", s.clientCA.cert.Raw), 0o644); err != nil {
		return err
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if s.ClientEC, err = s.makeClient(dir, "client-ec", ec); err != nil {
		return err
	}
	key, err := rsaKey()
	if err != nil {
		return err
	}
	s.ClientRSA, err = s.makeClient(dir, "client-rsa", key)
	return err
}

func (s *Server) makeClient(dir, name string, key crypto.Signer) (ClientCert, error) {
	cert, err := s.IssueClientCert(s.cfg.Thing, key.Public())
	if err != nil {
		return ClientCert{}, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return ClientCert{}, err
	}
	c := ClientCert{
		CertPEM:  cert,
		KeyPEM:   encodePEM("PRIVATE KEY", der),
		CertFile: filepath.Join(dir, name+".pem"),
		KeyFile:  filepath.Join(dir, name+"-key.pem"),
		key:      key,
	}
	if err := os.WriteFile(c.CertFile, c.CertPEM, 0o644); err != nil {
		return ClientCert{}, err
	}
	return c, os.WriteFile(c.KeyFile, c.KeyPEM, 0o600)
}

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
