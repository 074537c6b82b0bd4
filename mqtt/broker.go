package mqtt

import (
	"context"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
)

// Broker says which broker to connect to, and as which client. Endpoint and
// ClientID are required.
type Broker struct {
	// Endpoint is the account's data endpoint, ID-ats.iot.REGION.amazonaws.com:
	// "aws iot describe-endpoint --endpoint-type iot:Data-ATS" prints it.
	Endpoint string
	// ClientID is the name of this client, 1 to 128 bytes. The broker ends the connection
	// of a client when another one connects with the same name.
	ClientID string
	// Port is the broker's port. Default: 8883 for [X509], 443 for [WebSocket].
	Port int
	// CA are the authorities that may vouch for the broker. Default: the system's.
	CA evercreds.PEM
	// DialContext makes the connections, such as through a proxy or a private link.
	// Default: a net.Dialer's; [WebSocket] also heeds HTTPS_PROXY and NO_PROXY.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	mqttPort  = 8883
	httpsPort = 443

	keepAliveS = 60

	longestClientID = 128 // for AWS IoT; the protocol allows more

	attemptTimeout = 30 * time.Second
)

// backoff spreads the clients that a broker has lost all at once: autopaho's own is
// the same ten seconds for each.
var backoff = autopaho.NewExponentialBackoff(time.Second, 2*time.Minute, 4*time.Second, 2)

// check refuses bad parameters, and gives the region.
func (b Broker) check() (region string, err error) {
	credentials, err := core.IoTEndpoint([]byte(b.Endpoint))
	switch {
	case err != nil || string(credentials) == b.Endpoint:
		return "", refused("Endpoint", "must be the account's data endpoint, as in ID-ats.iot.REGION.amazonaws.com")
	case strings.Contains(b.Endpoint, ":"):
		return "", refused("Endpoint", "must not contain a port: use Port")
	case b.ClientID == "" || len(b.ClientID) > longestClientID || !utf8.ValidString(b.ClientID) || strings.Contains(b.ClientID, "\x00"):
		return "", refused("ClientID", "must be 1 to 128 bytes of UTF-8, without null characters")
	case b.Port < 0 || b.Port > 65535:
		return "", refused("Port", "must be from 1 to 65535, or 0 for the default")
	}
	return strings.Split(string(credentials), ".")[3], nil
}

func refused(parameter, expected string) error {
	return &evercreds.ParameterError{Parameter: parameter, Expected: expected}
}

// config is what both transports have in common. The connection is ours to make:
// autopaho would put the address, with its signature, into errors and logs.
func (b Broker) config(scheme string, port int, attempt func(context.Context) (net.Conn, error)) autopaho.ClientConfig {
	return autopaho.ClientConfig{
		ServerUrls:                    []*url.URL{{Scheme: scheme, Host: b.address(port)}},
		KeepAlive:                     keepAliveS,
		CleanStartOnInitialConnection: true,
		ConnectTimeout:                attemptTimeout,
		ReconnectBackoff:              backoff,
		AttemptConnection: func(ctx context.Context, c autopaho.ClientConfig, _ *url.URL) (net.Conn, error) {
			// autopaho bounds what it does itself, and leaves this one to us
			ctx, cancel := context.WithTimeout(ctx, c.ConnectTimeout)
			defer cancel()
			return attempt(ctx)
		},
		ClientConfig: paho.ClientConfig{ClientID: b.ClientID},
	}
}

func (b Broker) port(usual int) int {
	if b.Port == 0 {
		return usual
	}
	return b.Port
}

func (b Broker) address(port int) string { return net.JoinHostPort(b.Endpoint, strconv.Itoa(port)) }

func (b Broker) dial(ctx context.Context, address string) (net.Conn, error) {
	if b.DialContext != nil {
		return b.DialContext(ctx, "tcp", address)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}
