package sources

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// PEM is a certificate or key: a file, which is read again for each refresh so
// that it may be rotated, or the text itself. It never prints its text.
type PEM struct {
	path string
	text []byte
}

// PEMFile is the PEM text in a file.
func PEMFile(path string) PEM { return PEM{path: path} }

// PEMBytes is the PEM text itself. It is copied.
func PEMBytes(text []byte) PEM { return PEM{text: bytes.Clone(text)} }

// String tells the path, or that there is a text.
func (p PEM) String() string {
	switch {
	case p.empty():
		return "PEM(empty)"
	case p.path != "":
		return fmt.Sprintf("PEMFile(%q)", p.path)
	}
	return "PEMBytes(redacted)"
}

// Format prints String for every verb.
func (p PEM) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.String())) }

// Pool reads certificates of authorities, as they are now; nil for an empty PEM. Its
// errors are of type [*ParameterError] and name CA.
func (p PEM) Pool() (*x509.CertPool, error) {
	if p.empty() {
		return nil, nil
	}
	text, err := p.read("CA")
	if err != nil {
		return nil, err
	}
	return authorities(text)
}

func authorities(text []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) { // without an authority it would mean the system's
		return nil, &ParameterError{"CA", "must be PEM certificates"}
	}
	return pool, nil
}

func (p PEM) empty() bool { return p.path == "" && len(p.text) == 0 }

// pemBytes bounds what is read of a file. A bundle of all public authorities has a
// quarter of this.
const pemBytes = 1 << 20

// read gives the text, as the file holds it now, in which no block is cut off as
// in a file that is being written: what is left of a chain could pass for a shorter
// one. parameter is what it was given for.
func (p PEM) read(parameter string) ([]byte, error) {
	text, err := p.raw(parameter)
	if err == nil && bytes.Count(text, []byte("-----BEGIN ")) != bytes.Count(text, []byte("-----END ")) {
		return nil, &ParameterError{parameter, "must be complete PEM text"}
	}
	return text, err
}

func (p PEM) raw(parameter string) ([]byte, error) {
	if p.path == "" {
		return p.text, nil
	}
	file, err := os.Open(p.path)
	if err != nil {
		return nil, unreadable(parameter, err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, pemBytes+1))
	switch {
	case err != nil:
		return nil, unreadable(parameter, err)
	case len(text) > pemBytes:
		return nil, &ParameterError{parameter, fmt.Sprintf("must be a file of at most %d bytes", pemBytes)}
	}
	return text, nil
}

// unreadable tells what the system says of a file, without the path: a
// certificate's text that was given for a path must not be echoed.
func unreadable(parameter string, err error) error {
	reason := "unknown error"
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		reason = p.Err.Error()
	}
	return &ParameterError{parameter, "must be a file that can be read: " + reason}
}

// keyProblem tells why a text cannot be the key of a certificate.
func keyProblem(text []byte) string {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case !strings.HasSuffix(block.Type, "PRIVATE KEY"):
			continue
		case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return "must be a private key that is not encrypted"
		}
		return "must be the private key of Certificate: RSA, EC or Ed25519"
	}
	return "must hold a private key in PEM form"
}
