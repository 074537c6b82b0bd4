package sources

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"sync"
	"time"
)

// DeviceTLS makes TLS configurations from a device's certificate and key, and from the
// authorities that it trusts. It is safe for concurrent use.
type DeviceTLS struct {
	identity DeviceIdentity
	ca       PEM
	signer   *guard // nil: PrivateKey has the key

	mu     sync.Mutex
	texts  pemTexts
	config *tls.Config
}

// pemTexts are what the files held when the configuration was made.
type pemTexts struct{ certificate, key, ca string }

// NewDeviceTLS reads the files and checks that they match. ca are the authorities that
// may vouch for the server; default: the system's. Its errors are of
// type [*ParameterError].
func NewDeviceTLS(identity DeviceIdentity, ca PEM) (*DeviceTLS, error) {
	if err := identity.check(); err != nil {
		return nil, err
	}
	d := &DeviceTLS{identity: identity, ca: ca}
	if identity.Signer != nil {
		signer, err := newGuard(identity.Signer)
		if err != nil {
			return nil, err
		}
		d.signer = signer
	}
	if _, err := d.load(); err != nil {
		return nil, err
	}
	return d, nil
}

// Format prints no field, whatever the verb.
func (d *DeviceTLS) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sources.DeviceTLS") }

// Two files are replaced one after the other, and for a moment they do not match. A
// little patience spares a caller that error. The pauses grow, so that they do not meet
// each of many replacements at the same point.
const (
	readingPause    = 20 * time.Millisecond
	readingPatience = 3 * time.Second
)

// Config reads the files and gives the configuration, which is the same one for as
// long as they are the same: clone it before you change it. If the files do not
// match, somebody may be replacing them: it reads them again, for three seconds or until
// ctx ends, and then fails with a [*ParameterError].
//
// A Signer is waited for until the context of the handshake ends.
func (d *DeviceTLS) Config(ctx context.Context) (*tls.Config, error) {
	var waited time.Duration
	for pause := readingPause; ; pause += pause * 3 / 10 {
		config, err := d.load()
		if err == nil || waited >= readingPatience {
			return config, err
		}
		select {
		case <-time.After(pause):
			waited += pause
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (d *DeviceTLS) load() (*tls.Config, error) {
	texts, err := d.read()
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.config != nil && d.texts == texts {
		return d.config, nil
	}
	config, err := d.make(texts)
	if err != nil {
		return nil, err
	}
	d.config, d.texts = config, texts
	return config, nil
}

func (d *DeviceTLS) read() (texts pemTexts, err error) {
	for _, source := range []struct {
		parameter string
		pem       PEM
		text      *string
	}{
		{"Certificate", d.identity.Certificate, &texts.certificate},
		{"PrivateKey", d.identity.PrivateKey, &texts.key},
		{"CA", d.ca, &texts.ca},
	} {
		text, err := source.pem.read(source.parameter)
		if err != nil {
			return texts, err
		}
		*source.text = string(text)
	}
	return texts, nil
}

func (d *DeviceTLS) make(texts pemTexts) (*tls.Config, error) {
	mine, err := shown([]byte(texts.certificate), []byte(texts.key), d.signer)
	if err != nil {
		return nil, err
	}
	config := NewServerTLS(nil)
	// Unlike a list it is shown whatever authorities the server names: AWS IoT knows
	// certificates by themselves.
	config.GetClientCertificate = func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if d.signer == nil {
			return mine, nil
		}
		signed := *mine
		signed.PrivateKey = d.signer.within(asked.Context())
		return &signed, nil
	}
	if !d.ca.empty() {
		if config.RootCAs, err = authorities([]byte(texts.ca)); err != nil {
			return nil, err
		}
	}
	return config, nil
}
