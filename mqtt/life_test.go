//go:build go1.25

package mqtt_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/mqtt"
)

// network makes connections to one address, and can cut them all off.
type network struct {
	address string
	mu      sync.Mutex
	open    []net.Conn
}

func (n *network) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, n.address)
	if err == nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.open = append(n.open, c)
	}
	return c, err
}

func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.open {
		_ = c.Close()
	}
	n.open = nil
}

// listener is a client that subscribes when it is connected, as autopaho has it.
type listener struct {
	*autopaho.ConnectionManager
	up, got chan string
}

func listen(t *testing.T, config autopaho.ClientConfig) *listener {
	t.Helper()
	l := &listener{up: make(chan string, 100), got: make(chan string, 100)}
	config.ReconnectBackoff = func(attempt int) time.Duration { return time.Duration(min(attempt, 1)) * 50 * time.Millisecond }
	config.OnConnectionUp = func(c *autopaho.ConnectionManager, _ *paho.Connack) {
		_, err := c.Subscribe(t.Context(), &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "kept", QoS: 1}}})
		l.up <- fmt.Sprint(err)
	}
	config.OnPublishReceived = []func(paho.PublishReceived) (bool, error){
		func(p paho.PublishReceived) (bool, error) { l.got <- string(p.Packet.Payload); return true, nil },
	}
	ctx, cancel := context.WithCancel(t.Context())
	manager, err := autopaho.NewConnection(ctx, config)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	l.ConnectionManager = manager
	t.Cleanup(func() { cancel(); <-manager.Done() })
	return l
}

// wantHeard waits for a subscription, and for a message that comes by it.
func (l *listener) wantHeard(t *testing.T, text string) {
	t.Helper()
	select {
	case err := <-l.up:
		if err != "<nil>" {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatalf("%s: no connection", text)
	}
	if _, err := l.Publish(t.Context(), &paho.Publish{Topic: "kept", QoS: 1, Payload: []byte(text)}); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-l.got:
		if got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	case <-time.After(patience):
		t.Fatalf("%s: heard nothing", text)
	}
}

// caller A subscribes whenever it is connected; the network cuts A off, again and again;
// the broker starts anew; the certificate is replaced: A hears each message after that,
// and comes back with the new certificate. ./task devices has more of the cuts.
func TestClientReconnectsAfterEachCut(t *testing.T) {
	cuts := 3
	if text := os.Getenv("EVERCREDS_CUTS"); text != "" {
		cuts, _ = strconv.Atoi(text)
	}
	standIn, s := startStandIn(t), newServer(t)
	broker := startMosquitto(t, s, standIn)
	way := &network{address: broker.tls}
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	place := func(c awstest.ClientCert) {
		write(t, cert, c.CertPEM)
		write(t, key, c.KeyPEM)
	}
	place(standIn.ClientEC)
	config, err := mqtt.X509(mqtt.Broker{
		Endpoint: endpoint, ClientID: "cut", CA: evercreds.PEMBytes(s.caPEM), DialContext: way.dial,
	}, evercreds.DeviceIdentity{Certificate: evercreds.PEMFile(cert), PrivateKey: evercreds.PEMFile(key)})
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t, config)
	l.wantHeard(t, "at first")
	for i := range cuts {
		way.cut()
		l.wantHeard(t, fmt.Sprintf("after cut %d", i+1))
	}
	broker.stop()
	if !broker.start() {
		t.Fatal("mosquitto does not start again")
	}
	l.wantHeard(t, "after the broker's new start")
	place(standIn.ClientRSA)
	way.cut()
	l.wantHeard(t, "after a rotation")
	if cuts == 0 || strings.Count(broker.log.String(), " as cut (") != cuts+3 {
		t.Errorf("%d connections, want %d", strings.Count(broker.log.String(), " as cut ("), cuts+3)
	}
}
