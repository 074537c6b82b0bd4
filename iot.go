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

// IoTParams say how to ask the AWS IoT credentials provider; see [NewIoT]. Endpoint,
// RoleAlias, Certificate and either PrivateKey or Signer are required.
type IoTParams struct {
	// Endpoint is ID.credentials.iot.REGION.amazonaws.com, with :PORT if need be:
	// "aws iot describe-endpoint --endpoint-type iot:CredentialProvider" prints it. The
	// session rewrites a data endpoint (ID-ats.iot...), and logs a warning.
	Endpoint string
	// RoleAlias is the role alias, 1 to 128 of [A-Za-z0-9_=,@-].
	RoleAlias string
	// ThingName is the thing that the certificate is attached to. Default: none is sent.
	ThingName string
	// Certificate is the client's certificate, with its chain if there is one.
	Certificate PEM
	// PrivateKey is the certificate's key: PKCS #1, PKCS #8 or SEC 1, not encrypted.
	PrivateKey PEM
	// Signer signs in place of PrivateKey: a key in a token, a TPM or a key service, of
	// any kind that crypto/tls accepts. The module github.com/evercreds/evercreds/pkcs11
	// has one for PKCS#11 tokens. The session calls it in goroutines of their own, at
	// most two at once, and waits no longer than the handshake may take. The caller
	// closes it, after the session.
	Signer crypto.Signer
	// CA are the authorities that may vouch for the endpoint. Default: the
	// system's.
	CA PEM
	// InsecureSkipVerify accepts any server. It is for tests only.
	InsecureSkipVerify bool
	// Timeout bounds one call, connecting included. Default: 10 s.
	Timeout time.Duration
	// Duration is the requested lifetime, whole seconds from 900 s to 12 h. It goes into
	// the header X-Amzn-Iot-Credential-Duration-Seconds, which AWS does not document; the
	// role alias decides. The session uses no set for longer than this. Default: no
	// header.
	Duration time.Duration
	// DialContext makes the connections, such as over a private link. Default: a
	// net.Dialer's.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

// String describes it without a secret.
func (p IoTParams) String() string { return sources.IoTParams(p).String() }

// Format prints String for every verb, so that none shows a secret.
func (p IoTParams) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }

// MarshalText returns String, so that JSON and log handlers show no secret.
func (p IoTParams) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// DeviceIdentity is what a device shows in a TLS handshake with AWS IoT's message
// broker: see the module github.com/evercreds/evercreds/mqtt. Certificate and either
// PrivateKey or Signer are required.
type DeviceIdentity struct {
	// Certificate is the client's certificate, with its chain if there is one.
	Certificate PEM
	// PrivateKey is the certificate's key: PKCS #1, PKCS #8 or SEC 1, not encrypted.
	PrivateKey PEM
	// Signer signs in place of PrivateKey; see [IoTParams].
	Signer crypto.Signer
}

// String describes it without a secret.
func (d DeviceIdentity) String() string { return sources.DeviceIdentity(d).String() }

// Format prints String for every verb, so that none shows a secret.
func (d DeviceIdentity) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, d.String()) }

// MarshalText returns String, so that JSON and log handlers show no secret.
func (d DeviceIdentity) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// PEM is a certificate or a key: [PEMFile] or [PEMBytes]. No way to print it shows its
// text.
type PEM = sources.PEM

// PEMFile is PEM text in a file. The session reads the file again for each refresh, so
// you may replace it at any time.
func PEMFile(path string) PEM { return sources.PEMFile(path) }

// PEMBytes is PEM text. PEMBytes copies it.
func PEMBytes(text []byte) PEM { return sources.PEMBytes(text) }

// NewIoT makes a session with the credentials that the AWS IoT credentials provider
// returns for a device's certificate. It reads the files, and makes no call unless it is told
// to by [WithEager]. It returns a [*ParameterError] if a parameter, a file or an option is
// wrong.
func NewIoT(params IoTParams, opts ...Option) (*Session, error) {
	source, err := sources.NewIoT(sources.IoTParams(params))
	if err != nil {
		return nil, ownError(err)
	}
	s, err := open(ownSource{source}, closer(source.Close), aws.Config{Region: source.Region()}, opts)
	if host := source.Rewritten(); err == nil && host != "" {
		s.warn("Endpoint is a data endpoint; the credentials endpoint is used in its place", slog.String("endpoint", host))
	}
	return s, err
}
