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

// X509 returns the configuration of a connection over TLS in which the device shows its
// certificate. It reads the files now, to check them, and again for each attempt to
// connect.
//
// Defaults: the session is clean (CleanStartOnInitialConnection), the keep-alive is 60 s, an
// attempt has 30 s (ConnectTimeout), and the pause after a failed attempt is random and
// grows from 1 s to 2 min (ReconnectBackoff). You may change every field of the result but
// AttemptConnection. On port 443 it asks for MQTT by ALPN (x-amzn-mqtt-ca), as AWS IoT
// wants there.
//
// X509 makes no call. It returns a [*evercreds.ParameterError] if broker, identity or one of
// the files is wrong.
func X509(broker Broker, identity evercreds.DeviceIdentity) (autopaho.ClientConfig, error) {
	if _, err := broker.check(); err != nil {
		return autopaho.ClientConfig{}, err
	}
	device, err := sources.NewDeviceTLS(sources.DeviceIdentity(identity), broker.CA)
	if err != nil {
		return autopaho.ClientConfig{}, ownError(err)
	}
	port := broker.port(mqttPort)
	return broker.config("mqtts", port, func(ctx context.Context) (net.Conn, error) {
		secure, err := device.Config(ctx)
		if err != nil {
			return nil, ownError(err)
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

// ownError makes an error that users know of one of internal/sources.
func ownError(err error) error {
	if e, ok := err.(*sources.ParameterError); ok {
		return (*evercreds.ParameterError)(e)
	}
	return err
}
