package hostfuncs

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"time"

	"github.com/evercreds/evercreds/core"
)

// IoTParams say where and as whom the AWS IoT credentials provider is asked.
// Endpoint, RoleAlias, Certificate and PrivateKey are required.
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
	// Certificate is the client's certificate, with its chain if there is one,
	// and PrivateKey its key.
	Certificate, PrivateKey PEM
	// CA are the authorities that may vouch for the endpoint. Default: the
	// system's.
	CA PEM
	// InsecureSkipVerify accepts any server. Only for tests.
	InsecureSkipVerify bool
	// Timeout is for one call, connecting included. Default: 10 s.
	Timeout time.Duration
	// DialContext makes the connections, for private links. Default: net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

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
	case p.Certificate.empty():
		return "", &ParameterError{"Certificate", "must be PEMFile(path) or PEMBytes(text)"}
	case p.PrivateKey.empty():
		return "", &ParameterError{"PrivateKey", "must be PEMFile(path) or PEMBytes(text)"}
	case p.Timeout < 0:
		return "", &ParameterError{"Timeout", "must be above 0, or 0 for the default"}
	}
	return string(host), nil
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

func (p PEM) empty() bool { return p.path == "" && len(p.text) == 0 }

func (p PEM) read() ([]byte, error) {
	if p.path == "" {
		return p.text, nil
	}
	return os.ReadFile(p.path)
}
