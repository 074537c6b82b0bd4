// Package mqtt connects to AWS IoT's message broker with the paho client
// (github.com/eclipse/paho.golang). It returns the configuration of an autopaho
// connection, to which you add your handlers:
//
//	config, err := mqtt.WebSocket(mqtt.Broker{
//		Endpoint: "ID-ats.iot.eu-west-1.amazonaws.com",
//		ClientID: "device-1",
//	}, session)
//	...
//	config.OnConnectionUp = subscribe
//	connection, err := autopaho.NewConnection(ctx, config)
//
// [X509] shows a device's certificate, and reads its files again for each attempt to
// connect. [WebSocket] signs each attempt with the current credentials, so that a
// connection that is lost after hours comes back with fresh ones.
//
// The package is a Go module of its own, since only its users need paho.
package mqtt
