package hostfuncs

import (
	"context"
	"crypto"
	"fmt"
	"net"
	"regexp"
	"strconv"
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
	// github.com/evercreds/evercreds/pkcs11 has one for PKCS#11 tokens.) It is
	// called in goroutines of its own, at most two at once, and waited for as long
	// as the handshake is of use; the session does not close it.
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
	// documents no such header; the role alias decides. What it brings is used for
	// no longer than this. 0 asks for none.
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
	return string(host), nil
}

// headers are those of each request.
func (p *IoTParams) headers() map[string]string {
	headers := map[string]string{}
	if p.ThingName != "" {
		headers["X-Amzn-Iot-Thingname"] = p.ThingName
	}
	if p.Duration != 0 {
		headers["X-Amzn-Iot-Credential-Duration-Seconds"] = strconv.Itoa(int(p.Duration / time.Second))
	}
	return headers
}

func (p *IoTParams) timeout() time.Duration {
	if p.Timeout == 0 {
		return defaultIoTTimeout
	}
	return p.Timeout
}
