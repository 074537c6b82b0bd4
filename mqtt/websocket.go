package mqtt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/coder/websocket"
	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/packets"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/sources"
)

// service is the name that AWS IoT's WebSockets are signed for.
const service = "iotdevicegateway"

// WebSocket returns the configuration of a connection over WebSockets. It signs each
// attempt to connect with the credentials that provider returns then; a
// [*evercreds.Session] waits for new ones if it holds none.
//
// Defaults: the session is clean (CleanStartOnInitialConnection), the keep-alive is 60 s, an
// attempt has 30 s, waiting for credentials included (ConnectTimeout), and the pause after a
// failed attempt is random and grows from 1 s to 2 min (ReconnectBackoff). You may change
// every field of the result but AttemptConnection.
//
// WebSocket makes no call. It returns a [*evercreds.ParameterError] if broker is wrong or
// provider is nil.
func WebSocket(broker Broker, provider aws.CredentialsProvider) (autopaho.ClientConfig, error) {
	region, err := broker.check()
	if err != nil {
		return autopaho.ClientConfig{}, err
	}
	if s, ok := provider.(*evercreds.Session); provider == nil || ok && s == nil {
		return autopaho.ClientConfig{}, refused("provider", "must not be nil")
	}
	if _, err := broker.CA.Pool(); err != nil {
		return autopaho.ClientConfig{}, ownError(err)
	}
	port := broker.port(httpsPort)
	return broker.config("wss", port, func(ctx context.Context) (net.Conn, error) {
		credentials, err := provider.Retrieve(ctx)
		if err != nil {
			return nil, err
		}
		address, err := broker.signed(ctx, port, region, credentials)
		if err != nil {
			return nil, err
		}
		return broker.open(ctx, address)
	}), nil
}

// signed gives the address with its signature. AWS IoT wants the session token
// added to what was signed.
func (b Broker) signed(ctx context.Context, port int, region string, c aws.Credentials) (string, error) {
	host := b.Endpoint
	if port != httpsPort {
		host = b.address(port)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/mqtt", nil)
	if err != nil {
		return "", err
	}
	token := c.SessionToken
	c.SessionToken = ""
	nothing := sha256.Sum256(nil)
	address, _, err := v4.NewSigner().PresignHTTP(ctx, c, request, hex.EncodeToString(nothing[:]), service, region, time.Now())
	if err == nil && token != "" {
		address += "&X-Amz-Security-Token=" + url.QueryEscape(token)
	}
	return address, err
}

// open makes the connection, whose errors do not have the address in them.
func (b Broker) open(ctx context.Context, address string) (net.Conn, error) {
	pool, err := b.CA.Pool()
	if err != nil {
		return nil, ownError(err)
	}
	transport := &http.Transport{
		Proxy:           http.ProxyFromEnvironment,
		DialContext:     b.DialContext,
		TLSClientConfig: sources.NewServerTLS(pool),
	}
	ws, reply, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Subprotocols: []string{"mqtt"},
	})
	if err != nil {
		transport.CloseIdleConnections()
		return nil, openError(reply, err)
	}
	return packets.NewThreadSafeConn(websocket.NetConn(context.Background(), ws, websocket.MessageBinary)), nil
}

func openError(reply *http.Response, err error) error {
	if reply != nil {
		return fmt.Errorf("evercreds/mqtt: the broker did not open a WebSocket: HTTP %d", reply.StatusCode)
	}
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // without the address
	}
	return fmt.Errorf("evercreds/mqtt: no WebSocket: %w", err)
}
