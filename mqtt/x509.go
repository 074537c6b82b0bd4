package mqtt

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/packets"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/sources"
)

// X509 gives the configuration of a connection over TLS in which the device shows
// its certificate. The files are read now, to find what is wrong with them, and
// again for each attempt to connect.
//
// The session is clean (CleanStartOnInitialConnection), the keep-alive 60 s, an attempt
// may take 30 s (ConnectTimeout), and the pause after one that failed grows from a
// second to two minutes, by chance (ReconnectBackoff); change what you need in what it
// returns, but for AttemptConnection. On port 443 AWS IoT is told by ALPN
// (x-amzn-mqtt-ca) that this is MQTT.
//
// Its errors are of type [*evercreds.ParameterError].
func X509(broker Broker, identity evercreds.DeviceIdentity) (autopaho.ClientConfig, error) {
	if _, err := broker.check(); err != nil {
		return autopaho.ClientConfig{}, err
	}
	device, err := sources.NewDeviceTLS(sources.DeviceIdentity(identity), broker.CA)
	if err != nil {
		return autopaho.ClientConfig{}, err
	}
	port := broker.port(mqttPort)
	return broker.config("mqtts", port, func(ctx context.Context) (net.Conn, error) {
		secure, err := device.Config(ctx)
		if err != nil {
			return nil, err
		}
		secure = secure.Clone()
		secure.ServerName = broker.Endpoint
		if port == httpsPort {
			secure.NextProtos = []string{"x-amzn-mqtt-ca"}
		}
		plain, err := broker.dial(ctx, broker.address(port))
		if err != nil {
			return nil, err
		}
		secured := tls.Client(plain, secure)
		if err := secured.HandshakeContext(ctx); err != nil {
			_ = plain.Close()
			return nil, fmt.Errorf("evercreds/mqtt: %s: %w", sources.NoConnection(err), err)
		}
		return packets.NewThreadSafeConn(secured), nil
	}), nil
}
