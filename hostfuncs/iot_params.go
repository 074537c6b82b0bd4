package hostfuncs

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"regexp"
	"time"

	"github.com/evercreds/evercreds/core"
)

// IoTParams say where and as whom the AWS IoT credentials provider is asked.
// Endpoint, RoleAlias, Certificate and one of PrivateKey and Signer are required.
type IoTParams struct {
	// Endpoint is ID.credentials.iot.REGION.amazonaws.com, what
	// "aws iot describe-endpoint --endpoint-type iot:CredentialProvider" tells;
	// with :PORT if need be. A data endpoint (ID-ats.iot...) is rewritten.
	Endpoint string
	// RoleAlias is 1 to 128 of [A-Za-z0-9_=,@-].
	RoleAlias string
	// ThingName is sent where it is set; the certificate must be attached to
	// that thing then.
	ThingName string
	// Certificate is the client's certificate, with its chain if there is one.
	Certificate PEM
	// PrivateKey is its key: PKCS #1, PKCS #8 or SEC 1, not encrypted.
	PrivateKey PEM
	// Signer signs in place of PrivateKey: a key in a token, a TPM or a key
	// service, of any kind that crypto/tls takes. (Module
	// github.com/evercreds/evercreds/pkcs11 has one for PKCS#11 tokens.) It is used
	// for handshakes, one at a time as a rule; the session does not close it.
	Signer crypto.Signer
	// CA are the authorities that may vouch for the endpoint. Default: the
	// system's.
	CA PEM
	// InsecureSkipVerify accepts any server. Only for tests.
	InsecureSkipVerify bool
	// Timeout is for one call, connecting included. Default: 10 s.
	Timeout time.Duration
	// Duration is the lifetime to ask for, in the header
	// X-Amzn-Iot-Credential-Duration-Seconds: whole seconds from 900 s to 12 h. AWS
	// documents no such header; the role alias decides. 0 asks for none.
	Duration time.Duration
	// DialContext makes the connections, for private links. Default: net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// String tells the endpoint and the role alias, and nothing of the keys.
func (p IoTParams) String() string {
	return fmt.Sprintf("IoTParams(%q, role alias %q)", p.Endpoint, p.RoleAlias)
}

// Format prints String for every verb: a key or a Signer has fields to hide.
func (p IoTParams) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(p.String())) }

// MarshalText is String, for JSON and log handlers.
func (p IoTParams) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

const defaultIoTTimeout = 10 * time.Second

var (
	aliasPattern = regexp.MustCompile(`^[\w=,@-]{1,128}$`)
	thingPattern = regexp.MustCompile(`^[a-zA-Z0-9:_-]{1,128}$`)
)

// check refuses bad parameters and gives the endpoint to use.
func (p *IoTParams) check() (endpoint string, err error) {
	host, err := core.IoTEndpoint([]byte(p.Endpoint))
	switch {
	case err != nil:
		return "", &ParameterError{"Endpoint", "must be an IoT credentials endpoint, as in ID.credentials.iot.REGION.amazonaws.com"}
	case !aliasPattern.MatchString(p.RoleAlias):
		return "", &ParameterError{"RoleAlias", "must be 1 to 128 characters that match [A-Za-z0-9_=,@-]"}
	case p.ThingName != "" && !thingPattern.MatchString(p.ThingName):
		return "", &ParameterError{"ThingName", "must be 1 to 128 characters that match [a-zA-Z0-9:_-]"}
	case p.Timeout < 0:
		return "", &ParameterError{"Timeout", "must be above 0, or 0 for the default"}
	case p.Duration != 0 && core.CheckDuration(p.Duration.Seconds(), false) != nil:
		return "", &ParameterError{"Duration", "must be whole seconds from 900s to 43200s"}
	}
	return string(host), p.device().check()
}

func (p *IoTParams) device() DeviceIdentity {
	return DeviceIdentity{Certificate: p.Certificate, PrivateKey: p.PrivateKey, Signer: p.Signer}
}

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
	text, err := p.read()
	if err != nil {
		return nil, &ParameterError{"CA", "must be a file that can be read: " + reason(err)}
	}
	return authorities(text)
}

func (p PEM) empty() bool { return p.path == "" && len(p.text) == 0 }

func (p PEM) read() ([]byte, error) {
	if p.path == "" {
		return p.text, nil
	}
	return os.ReadFile(p.path)
}
