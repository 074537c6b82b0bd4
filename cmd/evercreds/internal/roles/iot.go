package roles

import (
	"context"
	"io"
	"net"

	"github.com/evercreds/evercreds"
)

func (i *IoT) params() (evercreds.IoTParams, io.Closer, error) {
	params := evercreds.IoTParams{
		Endpoint: i.Endpoint, RoleAlias: i.RoleAlias, ThingName: i.ThingName,
		Certificate: evercreds.PEMFile(i.Certificate),
		Timeout:     seconds(i.TimeoutSeconds), Duration: seconds(i.DurationSeconds),
	}
	if i.CA != "" {
		params.CA = evercreds.PEMFile(i.CA)
	}
	if i.Address != "" {
		params.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, i.Address)
		}
	}
	if i.PKCS11 != nil {
		signer, closer, err := i.PKCS11.open()
		params.Signer = signer
		return params, closer, err
	}
	params.PrivateKey = evercreds.PEMFile(i.PrivateKey)
	return params, nil, nil
}
