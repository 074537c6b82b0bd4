package mqtt_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/stacks"
	"github.com/evercreds/evercreds/mqtt"
)

const patience = 30 * time.Second

// When all connections are closed nothing of them runs.
func TestMain(m *testing.M) {
	status := m.Run()
	for end := time.Now().Add(time.Minute); status == 0 && running() != ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			fmt.Fprintln(os.Stderr, "still running:\n"+running())
			status = 1
		}
	}
	os.Exit(status)
}

func running() string {
	return stacks.Of("evercreds/mqtt.", "internal/sources.", "evercreds.(*Session)", "autopaho.", "coder/websocket.", "http.(*persistConn)")
}

func startStandIn(t *testing.T) *awstest.Server {
	t.Helper()
	s, err := awstest.Start(awstest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// connected is a connection whose attempts follow each other at once.
type connected struct {
	*autopaho.ConnectionManager
	up     chan struct{}
	errors chan error
	got    chan string
}

func connect(t *testing.T, config autopaho.ClientConfig) *connected {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	c := &connected{up: make(chan struct{}, 10), errors: make(chan error, 100), got: make(chan string, 1)}
	config.ReconnectBackoff = func(attempt int) time.Duration { return time.Duration(min(attempt, 1)) * 50 * time.Millisecond }
	config.OnConnectionUp = func(*autopaho.ConnectionManager, *paho.Connack) { c.up <- struct{}{} }
	config.OnConnectError = func(err error) {
		select {
		case c.errors <- err:
		default:
		}
	}
	config.OnPublishReceived = []func(paho.PublishReceived) (bool, error){
		func(p paho.PublishReceived) (bool, error) { c.got <- string(p.Packet.Payload); return true, nil },
	}
	manager, err := autopaho.NewConnection(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	c.ConnectionManager = manager
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = manager.Disconnect(ctx)
	})
	return c
}

func (c *connected) wantUp(t *testing.T) {
	t.Helper()
	select {
	case <-c.up:
	case <-time.After(patience):
		t.Fatalf("no connection; the last error: %v", c.lastError())
	}
}

func (c *connected) lastError() (err error) {
	for len(c.errors) > 0 {
		err = <-c.errors
	}
	return err
}

// wantEcho has the broker send back what is published: this is really MQTT.
func (c *connected) wantEcho(t *testing.T, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	topic := "echo/" + strings.ReplaceAll(t.Name(), "/", "-")
	if _, err := c.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: topic, QoS: 1}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Publish(ctx, &paho.Publish{Topic: topic, QoS: 1, Payload: []byte(text)}); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-c.got:
		if got != text {
			t.Errorf("got %d bytes back of %d", len(got), len(text))
		}
	case <-ctx.Done():
		t.Fatal("nothing came back")
	}
}

func TestX509(t *testing.T) {
	standIn, s := startStandIn(t), newServer(t)
	broker := startMosquitto(t, s, standIn)
	for name, identity := range map[string]evercreds.DeviceIdentity{
		"files":  {Certificate: evercreds.PEMFile(standIn.ClientEC.CertFile), PrivateKey: evercreds.PEMFile(standIn.ClientEC.KeyFile)},
		"bytes":  {Certificate: evercreds.PEMBytes(standIn.ClientRSA.CertPEM), PrivateKey: evercreds.PEMBytes(standIn.ClientRSA.KeyPEM)},
		"signer": {Certificate: evercreds.PEMFile(standIn.ClientEC.CertFile), Signer: standIn.ClientEC.Signer()},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := mqtt.X509(mqtt.Broker{
				Endpoint: endpoint, ClientID: name, CA: evercreds.PEMBytes(s.caPEM), DialContext: dialTo(broker.tls),
			}, identity)
			if err != nil {
				t.Fatal(err)
			}
			c := connect(t, config)
			c.wantUp(t)
			c.wantEcho(t, "hello")
			// mosquitto takes the user's name from the certificate
			if log := broker.log.String(); !strings.Contains(log, fmt.Sprintf(" as %s (", name)) ||
				!strings.Contains(log, "u'"+awstest.DefaultThing+"'") || !strings.Contains(log, "k60") {
				t.Errorf("the broker's log: %s", log)
			}
		})
	}
}

// A certificate that was replaced is shown at the next connection.
func TestX509ReadsFilesAgain(t *testing.T) {
	standIn, s := startStandIn(t), newServer(t)
	broker := startMosquitto(t, s, standIn)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, cert, standIn.ClientEC.CertPEM)
	write(t, key, standIn.ClientEC.KeyPEM)
	config, err := mqtt.X509(mqtt.Broker{
		Endpoint: endpoint, ClientID: "rotated", CA: evercreds.PEMBytes(s.caPEM), DialContext: dialTo(broker.tls),
	}, evercreds.DeviceIdentity{Certificate: evercreds.PEMFile(cert), PrivateKey: evercreds.PEMFile(key)})
	if err != nil {
		t.Fatal(err)
	}
	write(t, key, []byte("in the midst of a rotation"))
	c := connect(t, config)
	select {
	case err := <-c.errors:
		if !strings.Contains(err.Error(), "PrivateKey") || strings.Contains(err.Error(), "rotation") {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("a key that is none has connected")
	}
	write(t, cert, standIn.ClientRSA.CertPEM)
	write(t, key, standIn.ClientRSA.KeyPEM)
	c.wantUp(t)
	broker.stop()
	if !broker.start() {
		t.Fatal("mosquitto does not start again")
	}
	c.wantUp(t)
}

// A signer that hangs is given up with the attempt, and the next one is made.
func TestX509WithASignerThatHangs(t *testing.T) {
	standIn, s := startStandIn(t), newServer(t)
	broker := startMosquitto(t, s, standIn)
	hung := &stuck{Signer: standIn.ClientEC.Signer(), release: make(chan struct{})}
	t.Cleanup(func() { close(hung.release) })
	config, err := mqtt.X509(mqtt.Broker{
		Endpoint: endpoint, ClientID: "stuck", CA: evercreds.PEMBytes(s.caPEM), DialContext: dialTo(broker.tls),
	}, evercreds.DeviceIdentity{Certificate: evercreds.PEMFile(standIn.ClientEC.CertFile), Signer: hung})
	if err != nil {
		t.Fatal(err)
	}
	config.ConnectTimeout = 4 * time.Second // not those 30 s
	start := time.Now()
	c := connect(t, config)
	c.wantUp(t)
	if d := time.Since(start); d > time.Minute || hung.calls.Load() != 2 || len(c.errors) != 1 {
		t.Errorf("connected after %v, %d signatures and %d errors", d, hung.calls.Load(), len(c.errors))
	}
}

// stuck does not return from its first signature.
type stuck struct {
	crypto.Signer
	calls   atomic.Int64
	release chan struct{}
}

func (s *stuck) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if s.calls.Add(1) == 1 {
		<-s.release
	}
	return s.Signer.Sign(rand, digest, opts)
}

// On port 443 only ALPN tells that this is MQTT, and SNI whose endpoint it is.
func TestX509OnPort443(t *testing.T) {
	standIn, s := startStandIn(t), newServer(t)
	hello := make(chan *tls.ClientHelloInfo, 1)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{s.pair},
		GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			hello <- h
			return nil, errors.New("seen")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		if c, err := listener.Accept(); err == nil {
			_ = c.(*tls.Conn).Handshake()
			_ = c.Close()
		}
	}()
	config, err := mqtt.X509(mqtt.Broker{Endpoint: endpoint, ClientID: "alpn", Port: 443, DialContext: dialTo(listener.Addr().String())},
		evercreds.DeviceIdentity{Certificate: evercreds.PEMFile(standIn.ClientEC.CertFile), PrivateKey: evercreds.PEMFile(standIn.ClientEC.KeyFile)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.AttemptConnection(t.Context(), config, config.ServerUrls[0]); err == nil {
		t.Error("the server has refused, and nobody noticed")
	}
	if h := <-hello; h.ServerName != endpoint || !slices.Equal(h.SupportedProtos, []string{"x-amzn-mqtt-ca"}) {
		t.Errorf("asked for %q by %q", h.SupportedProtos, h.ServerName)
	}
}

// numbered is a session whose sets are A1, A2 and so on.
func numbered(t *testing.T) (*evercreds.Session, map[string]string) {
	t.Helper()
	var calls atomic.Int64
	s, err := evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
		key := fmt.Sprintf("A%d", calls.Add(1))
		return evercreds.Credentials{
			AccessKeyID: key, SecretAccessKey: "sentinel-secret-of-" + key, SessionToken: "token+/=of-" + key,
			Expires: time.Now().Add(time.Hour + time.Duration(calls.Load())*time.Minute),
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	secrets := map[string]string{}
	for _, key := range []string{"A1", "A2"} {
		secrets[key] = "sentinel-secret-of-" + key
	}
	return s, secrets
}

// Each attempt to connect is signed anew, with the credentials of that time.
func TestWebSocket(t *testing.T) {
	standIn, s := startStandIn(t), newServer(t)
	broker := startMosquitto(t, s, standIn)
	session, secrets := numbered(t)
	front := startRelay(t, s, broker, secrets)
	config, err := mqtt.WebSocket(mqtt.Broker{
		Endpoint: endpoint, ClientID: "signed", CA: evercreds.PEMBytes(s.caPEM), DialContext: dialTo(front.address),
	}, session)
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, config)
	c.wantUp(t)
	c.wantEcho(t, strings.Repeat("large ", 20_000)) // more than one frame of most libraries
	if _, err := session.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	broker.stop()
	if !broker.start() {
		t.Fatal("mosquitto does not start again")
	}
	c.wantUp(t)
	if seen := front.keys(); seen[0] != "A1" || seen[len(seen)-1] != "A2" {
		t.Errorf("signed by %v", seen)
	}
	c.wantEcho(t, "hello again")
}

func TestWebSocketErrors(t *testing.T) {
	s := newServer(t)
	session, secrets := numbered(t)
	front := startRelay(t, s, nil, secrets)
	front.refuse = 403
	broker := mqtt.Broker{Endpoint: endpoint, ClientID: "refused", CA: evercreds.PEMBytes(s.caPEM), DialContext: dialTo(front.address)}
	attempt := func(b mqtt.Broker, p aws.CredentialsProvider) error {
		t.Helper()
		config, err := mqtt.WebSocket(b, p)
		if err != nil {
			t.Fatal(err)
		}
		_, err = config.AttemptConnection(t.Context(), config, config.ServerUrls[0])
		if text := fmt.Sprint(err); err == nil || strings.Contains(text, "sentinel") || strings.Contains(text, "token") || strings.Contains(text, "X-Amz") {
			t.Errorf("the error has the signature in it: %v", err)
		}
		return err
	}
	if err := attempt(broker, session); !strings.Contains(err.Error(), "403") {
		t.Errorf("got %v", err)
	}
	nowhere := broker
	nowhere.DialContext = dialTo(freeAddress(t))
	attempt(nowhere, session)
	stranger := broker
	stranger.CA = evercreds.PEM{} // the system's do not know this broker
	if err := attempt(stranger, session); !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
	mine := errors.New("no credentials today")
	failing := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, mine })
	if err := attempt(broker, failing); !errors.Is(err, mine) {
		t.Errorf("got %v", err)
	}
}

func TestParameters(t *testing.T) {
	standIn := startStandIn(t)
	session, _ := numbered(t)
	good := mqtt.Broker{Endpoint: endpoint, ClientID: "a"}
	identity := evercreds.DeviceIdentity{Certificate: evercreds.PEMFile(standIn.ClientEC.CertFile), PrivateKey: evercreds.PEMFile(standIn.ClientEC.KeyFile)}
	for want, changes := range map[string][]func(*mqtt.Broker){
		"Endpoint": {
			func(b *mqtt.Broker) { b.Endpoint = "" },
			func(b *mqtt.Broker) { b.Endpoint = "c1.credentials.iot.us-east-1.amazonaws.com" },
			func(b *mqtt.Broker) { b.Endpoint = endpoint + ":8883" },
			func(b *mqtt.Broker) { b.Endpoint = "evil.example" },
		},
		"ClientID": {
			func(b *mqtt.Broker) { b.ClientID = "" },
			func(b *mqtt.Broker) { b.ClientID = strings.Repeat("ä", 65) },
			func(b *mqtt.Broker) { b.ClientID = "a\x00" },
			func(b *mqtt.Broker) { b.ClientID = "\xff" },
		},
		"Port": {func(b *mqtt.Broker) { b.Port = -1 }, func(b *mqtt.Broker) { b.Port = 65536 }},
		"CA": {
			func(b *mqtt.Broker) { b.CA = evercreds.PEMBytes([]byte("none")) },
			func(b *mqtt.Broker) { b.CA = evercreds.PEMFile(os.DevNull) },
		},
	} {
		for _, change := range changes {
			b := good
			change(&b)
			_, err := mqtt.X509(b, identity)
			wantParameter(t, err, want)
			_, err = mqtt.WebSocket(b, session)
			wantParameter(t, err, want)
		}
	}
	_, err := mqtt.X509(good, evercreds.DeviceIdentity{})
	wantParameter(t, err, "Certificate")
	_, err = mqtt.WebSocket(good, nil)
	wantParameter(t, err, "provider")
	_, err = mqtt.WebSocket(good, (*evercreds.Session)(nil))
	wantParameter(t, err, "provider")
	config, err := mqtt.X509(good, identity)
	if err != nil || config.KeepAlive != 60 || !config.CleanStartOnInitialConnection || config.ClientID != "a" ||
		config.ServerUrls[0].String() != "mqtts://"+net.JoinHostPort(endpoint, "8883") || config.ConnectTimeout != 30*time.Second ||
		config.ReconnectBackoff(0) != 0 || config.ReconnectBackoff(1) < time.Second || config.ReconnectBackoff(99) > 2*time.Minute {
		t.Errorf("defaults: %v, %v", config.ServerUrls, err)
	}
}

func wantParameter(t *testing.T, err error, name string) {
	t.Helper()
	var refused *evercreds.ParameterError
	if !errors.As(err, &refused) || refused.Parameter != name {
		t.Errorf("got %v, want a ParameterError of %s", err, name)
	}
}
