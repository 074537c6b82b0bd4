package sources

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

// IoTParams has the fields of evercreds.IoTParams, which says what they are.
type IoTParams struct {
	Endpoint           string
	RoleAlias          string
	ThingName          string
	Certificate        PEM
	PrivateKey         PEM
	Signer             crypto.Signer
	CA                 PEM
	InsecureSkipVerify bool
	Timeout            time.Duration
	Duration           time.Duration
	DialContext        func(ctx context.Context, network, address string) (net.Conn, error)
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
