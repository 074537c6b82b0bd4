// Package mqtt connects to AWS IoT's message broker, with the paho client
// (github.com/eclipse/paho.golang). It gives the configuration of an autopaho
// connection, which the user completes with handlers of his own:
//
//	config, err := mqtt.WebSocket(mqtt.Broker{
//		Endpoint: "ID-ats.iot.eu-west-1.amazonaws.com",
//		ClientID: "device-1",
//	}, session)
//	...
//	config.OnConnectionUp = subscribe
//	connection, err := autopaho.NewConnection(ctx, config)
//
// [X509] shows a device's certificate, and reads its files again for each attempt
// to connect. [WebSocket] signs each attempt with the credentials of that time, so
// that a connection that comes back after hours does so with fresh ones.
//
// It is a module of its own, so that nobody else has paho in his module graph.
package mqtt
