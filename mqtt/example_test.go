package mqtt_test

import (
	"context"
	"log"

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
	var session *evercreds.Session // of NewSTS, NewIoT or NewCustom
	config, err := mqtt.WebSocket(mqtt.Broker{
		Endpoint: "c1234567890abc-ats.iot.eu-west-1.amazonaws.com",
		ClientID: "dashboard-1",
	}, session)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := autopaho.NewConnection(context.Background(), config); err != nil {
		log.Fatal(err)
	}
}
