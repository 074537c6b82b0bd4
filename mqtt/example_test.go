package mqtt_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/mqtt"
)

// A device that speaks MQTT with its certificate.
func ExampleX509() {
	ctx := context.Background()
	config, err := mqtt.X509(mqtt.Broker{
		Endpoint: "c1234567890abc-ats.iot.eu-west-1.amazonaws.com",
		ClientID: "device-1",
	}, evercreds.DeviceIdentity{
		Certificate: evercreds.PEMFile("/etc/device/certificate.pem.crt"),
		PrivateKey:  evercreds.PEMFile("/etc/device/private.pem.key"),
	})
	if err != nil {
		log.Fatal(err)
	}
	config.OnConnectionUp = func(c *autopaho.ConnectionManager, _ *paho.Connack) {
		_, err := c.Subscribe(ctx, &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "commands", QoS: 1}}})
		if err != nil {
			log.Print(err)
		}
	}
	connection, err := autopaho.NewConnection(ctx, config)
	if err != nil {
		log.Fatal(err)
	}
	<-connection.Done()
}

// Any program with a session can speak MQTT over WebSockets.
func ExampleWebSocket() {
	session, err := evercreds.NewCustom(fetch) // or NewSTS, or NewIoT
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	config, err := mqtt.WebSocket(mqtt.Broker{
		Endpoint: "c1234567890abc-ats.iot.eu-west-1.amazonaws.com",
		ClientID: "dashboard-1",
	}, session)
	if err != nil {
		log.Fatal(err)
	}
	config.OnConnectError = func(err error) { log.Print(err) }
	fmt.Println(config.ServerUrls[0], config.ClientID, config.KeepAlive, config.CleanStartOnInitialConnection)
	// connection, err := autopaho.NewConnection(ctx, config)

	// Output: wss://c1234567890abc-ats.iot.eu-west-1.amazonaws.com:443 dashboard-1 60 true
}

func fetch(context.Context) (evercreds.Credentials, error) {
	return evercreds.Credentials{
		AccessKeyID: "EXAMPLE", SecretAccessKey: "example", SessionToken: "example",
		Expires: time.Now().Add(time.Hour),
	}, nil
}
