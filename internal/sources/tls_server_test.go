//go:build go1.25

package sources_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/evercreds/evercreds/internal/awstest"
	"github.com/evercreds/evercreds/internal/sources"
)

// The table of servers, good and bad, that all languages are tried on.
func TestTLSServers(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	table, err := standIn.StartTLSServers()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range table {
		t.Run(row.Name, func(t *testing.T) {
			p := iotParams(standIn)
			p.Timeout = time.Minute
			if row.Reason == "time-out" {
				p.Timeout = 100 * time.Millisecond
			}
			p.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, fmt.Sprintf("127.0.0.1:%d", row.Port))
			}
			for range 5 { // in TLS 1.3 a refusal of the device may come in several ways
				start := time.Now()
				_, err := newIoT(t, p).Fetch(t.Context(), flight)
				if d := time.Since(start); d > 45*time.Second {
					t.Errorf("it took %v", d)
				}
				wantVerdict(t, row, fmt.Sprint(err))
			}
		})
	}
}

func wantVerdict(t *testing.T, row awstest.TLSServer, told string) {
	t.Helper()
	want := map[string]string{
		"accepted": "<nil>", "denied": "HTTP 403", "refused": "no reply from the endpoint",
	}[row.Expected]
	if !strings.Contains(told, want) {
		t.Errorf("got %s, want %s", told, want)
	}
	reason := map[string]string{
		"certificate": "the server's certificate is not to be trusted: ",
		"device":      "the server refuses the device's certificate: ",
	}[row.Reason]
	if row.Reason == "time-out" && !strings.Contains(told, "deadline exceeded") {
		reason = "handshake timeout" // which is as long, and may come first
	}
	if !strings.Contains(told, reason) {
		t.Errorf("got %s, want %s", told, reason)
	}
}

// A device's connection to a broker has the same rules.
func TestTLSServersOfADevice(t *testing.T) {
	standIn := startStandIn(t, awstest.Config{})
	table, err := standIn.StartTLSServers()
	if err != nil {
		t.Fatal(err)
	}
	identity := sources.DeviceIdentity{Certificate: sources.PEMFile(standIn.ClientEC.CertFile), PrivateKey: sources.PEMFile(standIn.ClientEC.KeyFile)}
	d, err := sources.NewDeviceTLS(identity, sources.PEMFile(standIn.CAFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range table {
		if row.Reason == "time-out" {
			continue
		}
		config, err := d.Config(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		config = config.Clone()
		config.ServerName = "c1234567890abc-ats.iot.us-east-1.amazonaws.com"
		c, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", row.Port), config)
		if err == nil {
			_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			if _, err = c.Read(make([]byte, 1)); strings.Contains(fmt.Sprint(err), "timeout") {
				err = nil // it waits for us
			}
			_ = c.Close()
		}
		if refused := err != nil; refused != (row.Expected == "refused") {
			t.Errorf("%s: %v", row.Name, err)
		}
	}
}
