package evercreds

import (
	"context"
	"crypto"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds/internal/sources"
)

// IoTParams say where and as whom the AWS IoT credentials provider is asked; see
// [NewIoT].
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

// String is for people: no secret is in it.
func (p IoTParams) String() string { return sources.IoTParams(p).String() }

// Format prints String for every verb, so that no verb reaches the fields.
func (p IoTParams) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// MarshalText is String, for JSON and log handlers.
func (p IoTParams) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// DeviceIdentity is what a device shows of itself in a TLS handshake. Certificate
// and one of PrivateKey and Signer are required. It is for MQTT: see module
// github.com/evercreds/evercreds/mqtt.
type DeviceIdentity struct {
	// Certificate is the client's certificate, with its chain if there is one.
	Certificate PEM
	// PrivateKey is its key: PKCS #1, PKCS #8 or SEC 1, not encrypted.
	PrivateKey PEM
	// Signer signs in place of PrivateKey; see [IoTParams].
	Signer crypto.Signer
}

// String is for people: no secret is in it.
func (d DeviceIdentity) String() string { return sources.DeviceIdentity(d).String() }

// Format prints String for every verb, so that no verb reaches the fields.
func (d DeviceIdentity) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// MarshalText is String, for JSON and log handlers.
func (d DeviceIdentity) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// PEM is a certificate or key: [PEMFile] or [PEMBytes]. However it is printed, its text
// does not show.
type PEM = sources.PEM

// PEMFile is PEM text in a file, read again for each refresh.
func PEMFile(path string) PEM { return sources.PEMFile(path) }

// PEMBytes is PEM text itself. It is copied.
func PEMBytes(text []byte) PEM { return sources.PEMBytes(text) }

// NewIoT makes a session of a device's certificate.
func NewIoT(params IoTParams, opts ...Option) (*Session, error) {
	source, err := sources.NewIoT(sources.IoTParams(params))
	if err != nil {
		return nil, err
	}
	s, err := open(ownSource{source}, source.Close, aws.Config{Region: source.Region()}, opts)
	if host := source.Rewritten(); err == nil && host != "" {
		s.warn("Endpoint is a data endpoint; the credentials endpoint is used in its place", slog.String("endpoint", host))
	}
	return s, err
}
