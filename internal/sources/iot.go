package sources

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/evercreds/evercreds/core"
)

// IoT is the [Source] that shows an X.509 certificate to the AWS IoT
// credentials provider.
type IoT struct {
	params  IoTParams
	host    string
	url     string
	region  string
	headers map[string]string
	pool    iotPool
}

// NewIoT makes a source. It reads the certificate files, and fails with a
// [*ParameterError] where something is amiss.
func NewIoT(params IoTParams) (*IoT, error) {
	host, err := params.check()
	if err != nil {
		return nil, err
	}
	address := url.URL{Scheme: "https", Host: host, Path: "/role-aliases/" + params.RoleAlias + "/credentials"}
	identity := DeviceIdentity{Certificate: params.Certificate, PrivateKey: params.PrivateKey, Signer: params.Signer}
	secure, err := NewDeviceTLS(identity, params.CA)
	if err != nil {
		return nil, err
	}
	return &IoT{
		params: params, host: host, url: address.String(), region: strings.Split(host, ".")[3],
		headers: params.headers(), pool: iotPool{params: &params, tls: secure},
	}, nil
}

// Method is core.MethodIoT.
func (i *IoT) Method() core.Method { return core.MethodIoT }

// Region is the region in the endpoint's name.
func (i *IoT) Region() string { return i.region }

// Rewritten gives the endpoint in use where the configured one was a data
// endpoint, the usual mistake, else "".
func (i *IoT) Rewritten() string {
	if i.host == i.params.Endpoint {
		return ""
	}
	return i.host
}

// Names are those of the thing and of the role alias.
func (i *IoT) Names() (session, role string) { return i.params.ThingName, i.params.RoleAlias }

// Close closes idle connections.
func (i *IoT) Close() { i.pool.close() }

// Format prints no field, whatever the verb: the private key is among them.
func (i *IoT) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "sources.IoT") }

// Fetch asks the provider for credentials.
func (i *IoT) Fetch(ctx context.Context, _ *Flight) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, i.params.timeout())
	defer cancel()
	pool, err := i.pool.transport(ctx)
	if err != nil {
		return Result{}, rotating(err)
	}
	attempt, ctx := newAttempt(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.url, nil)
	if err != nil {
		return Result{}, refused(core.MethodIoT, "", err.Error(), err)
	}
	for name, value := range i.headers {
		request.Header.Set(name, value)
	}
	reply, err := pool.RoundTrip(request) // follows no redirect
	if err != nil {
		return Result{}, attempt.failure(err)
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(reply.Body, replyBytes+1))
	switch {
	case err != nil:
		return Result{}, refused(core.MethodIoT, "", "the reply ended early: "+err.Error(), err)
	case reply.StatusCode != http.StatusOK:
		return Result{}, iotError(reply, body)
	case len(body) > replyBytes:
		return Result{}, malformed(core.MethodIoT, "the reply must have at most %d bytes", replyBytes)
	}
	r, err := iotResult(reply.Header, body)
	r.Duration = i.params.Duration
	return r, err
}

// rotating: files that were good at the start and are not now are most likely
// being replaced.
func rotating(err error) error {
	e := refused(core.MethodIoT, "", "certificate files: "+err.Error(), err)
	var p *ParameterError
	if errors.As(err, &p) {
		e.Message = p.Parameter + " " + p.Expected
	}
	return e
}

func iotError(reply *http.Response, body []byte) error {
	code, _, _ := strings.Cut(reply.Header.Get("X-Amzn-Errortype"), ":")
	var text struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(body, &text) // proxies answer in HTML: the status says enough then
	return &Error{
		Method:     core.MethodIoT,
		Class:      core.ErrorClass(core.MethodIoT, reply.StatusCode, []byte(code)),
		Reason:     core.CodeSource,
		Code:       code,
		Status:     reply.StatusCode,
		Message:    secrets{}.clean(text.Message),
		RetryAfter: retryAfter(reply.Header, time.Now()),
	}
}

func iotResult(header http.Header, body []byte) (Result, error) {
	var reply struct {
		Credentials struct {
			AccessKeyID     string `json:"accessKeyId"`
			SecretAccessKey string `json:"secretAccessKey"`
			SessionToken    string `json:"sessionToken"`
			Expiration      string `json:"expiration"`
		} `json:"credentials"`
	}
	if json.Unmarshal(body, &reply) != nil { // its error may quote the reply
		return Result{}, malformed(core.MethodIoT, `the reply must be JSON with an object "credentials"`)
	}
	c := reply.Credentials
	at, err := core.ParseExpiry([]byte(c.Expiration))
	if err != nil {
		return Result{}, malformed(core.MethodIoT, "expiration in the reply: %s", strings.TrimPrefix(err.Error(), "evercreds: "))
	}
	r := Result{Credentials: Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey,
		SessionToken: c.SessionToken, Expires: time.UnixMilli(at),
	}}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		r.ServerTime = latest(date)
	}
	return r, r.Check(core.MethodIoT)
}
